import { execFileSync } from "node:child_process";

/** The label that Nomad's driver gives to every container of an allocation. https://developer.hashicorp.com/nomad/docs/deploy/task-driver/docker */
const ALLOCATION = "com.hashicorp.nomad.alloc_id";

/** How long Docker may take to answer, in milliseconds. */
const DOCKER_LIMIT = 10_000;

interface Container {
  readonly id: string;
  readonly allocation: string;
  /** What of this machine is mounted into it. */
  readonly sources: readonly string[];
}

/**
 * The containers that a cluster's Nomads started and that are there still: their tasks have directories of an allocation in the cluster's data mounted, and what has
 * none, as the container that holds a network, has the label of such an allocation. A Nomad that was killed leaves them running. None where there is no Docker.
 *
 * @param data the data of a cluster, or of one of its Nomads
 * @param allocations the ids of its allocations, as far as they are known
 */
export function containersIn(data: string, allocations: ReadonlySet<string> = new Set()): readonly string[] {
  const all = labelled();
  const own = new Set([
    ...allocations,
    ...all.flatMap(({ allocation, sources }) =>
      sources.some((path) => path.startsWith(`${data}/`)) ? [allocation] : [],
    ),
  ]);
  return all.flatMap(({ id, allocation }) => (own.has(allocation) ? [id] : []));
}

/** Ends containers and removes them. @returns whether all of them are gone */
export function removeContainers(ids: readonly string[]): boolean {
  return ids.length === 0 || docker(["rm", "--force", ...ids]) !== undefined;
}

function labelled(): readonly Container[] {
  const ids = (docker(["ps", "--all", "--quiet", "--no-trunc", "--filter", `label=${ALLOCATION}`]) ?? "")
    .split("\n")
    .filter(Boolean);
  if (ids.length === 0) return [];
  const format = `{{.Id}}\t{{index .Config.Labels "${ALLOCATION}"}}{{range .Mounts}}\t{{.Source}}{{end}}`;
  // One that has just gone is an error, and the others are told all the same.
  return (docker(["inspect", "--format", format, ...ids]) ?? "")
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [id = "", allocation = "", ...sources] = line.split("\t");
      return { id, allocation, sources };
    });
}

/** What a command of Docker printed; undefined where it failed and printed nothing, such as where there is no Docker. */
function docker(args: readonly string[]): string | undefined {
  try {
    return execFileSync("docker", args, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      timeout: DOCKER_LIMIT,
      maxBuffer: 64 * 1024 * 1024,
    });
  } catch (error) {
    const { stdout } = error as { readonly stdout?: string };
    return stdout === undefined || stdout === "" ? undefined : stdout;
  }
}
