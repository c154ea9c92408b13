import type { JobJson } from "../../nomad";

/** What a socket's path may have at most, in bytes: the kernel keeps 108 with the zero behind it. */
const LONGEST = 107;
/** An allocation's id. */
const ID = 36;

/** A socket that a task will not have, since its path is too long. */
export interface LongSocket {
  readonly job: string;
  readonly group: string;
  /** What is not there then. */
  readonly what: string;
  /** How many bytes its path would have. */
  readonly length: number;
  /** How many bytes a path may have. */
  readonly most: number;
}

interface TaskJson {
  readonly Name?: string;
  readonly Driver?: string;
  readonly Config?: { readonly graceful_shutdown?: unknown } | null;
}

interface GroupJson {
  readonly Name?: string;
  readonly Tasks?: readonly TaskJson[] | null;
  readonly Networks?: readonly { readonly Mode?: string }[] | null;
  readonly Services?: readonly { readonly Connect?: unknown }[] | null;
}

/**
 * The sockets that a job uses and that Nomad cannot make in a folder. A task then starts all the same, and fails when it wants its socket; of the
 * Task API, Nomad's log has a warning.
 *
 * @param allocations the folder that Nomad makes a folder in for each allocation
 * @see https://developer.hashicorp.com/nomad/api-docs/task-api
 */
export function longSocketsOf(job: JobJson, allocations: string): readonly LongSocket[] {
  return ((job.TaskGroups ?? []) as readonly GroupJson[]).flatMap((group) => {
    const inGroup = (what: string, path: string): readonly LongSocket[] => {
      const length = Buffer.byteLength(allocations) + 1 + ID + Buffer.byteLength(path);
      return length > LONGEST ? [{ job: job.ID, group: group.Name ?? "", what, length, most: LONGEST }] : [];
    };
    const isBridge = (group.Networks ?? []).some(({ Mode }) => Mode === "bridge" || Mode?.startsWith("cni/"));
    const isMesh = (group.Services ?? []).some(({ Connect }) => Connect !== null && Connect !== undefined);
    return [
      ...(isBridge && isMesh ? inGroup("the proxy's way to Consul", "/alloc/tmp/consul_grpc.sock") : []),
      ...(group.Tasks ?? []).flatMap((task) => {
        const name = task.Name ?? "";
        const graceful = task.Driver === "qemu" && task.Config?.graceful_shutdown === true;
        return [
          ...(JSON.stringify(task).includes("api.sock")
            ? inGroup(`the Task API of ${name}`, `/${name}/secrets/api.sock`)
            : []),
          ...(graceful ? inGroup(`the graceful shutdown of ${name}`, `/${name}/qm.sock`) : []),
        ];
      }),
    ];
  });
}
