import type { NamedStackIdentity, StackIdentity } from "./identity";

/**
 * Who brings a stack to its cluster: `terraform`, with its state and its lock, where `cdk-nomad` changes something only with `--direct`; or
 * `cdk-nomad`, whose commands go to the cluster's API, beside which `cdktf` may be used as well. It is what the program declares, and not
 * what happened to write the record last.
 */
export type StackOwner = "terraform" | "cdk-nomad";

/** The owners that a stack may have. */
export const STACK_OWNERS: readonly StackOwner[] = ["terraform", "cdk-nomad"];

/** A job that a stack brought. */
export interface RecordedJob {
  readonly id: string;
  /** The region that the job names. Default: the one of whoever deployed. */
  readonly region?: string;
  /** The namespace that the job names. Default: the one of whoever deployed. */
  readonly namespace?: string;
  /** Of a job that the program has no longer: whether a deployment stopped it for that, so that `rollback` may bring it back. */
  readonly stopped?: true;
}

/** Something that a stack made in Consul. */
export interface RecordedInConsul {
  /** `keys` for all keys below a prefix, else the kind of a configuration entry, such as `service-defaults`. */
  readonly kind: string;
  /** The prefix, or the entry's name. */
  readonly name: string;
}

/** A value of Terraform, or none. */
export type RecordedValue = string | number | boolean | null | readonly RecordedValue[] | RecordedValues;

/** Values by name. */
export interface RecordedValues {
  readonly [name: string]: RecordedValue;
}

/**
 * What a deployment brings, and what decided it: a pure function of the program, its variables and its environment variables. No time, no user and no
 * tool stands in it, so that it is the same to the byte whoever deploys.
 */
export interface RecordContent extends NamedStackIdentity {
  readonly owner: StackOwner;
  /** Values of the variables that are not sensitive. */
  readonly variables: RecordedValues;
  /** The values that the program gives those of them that nobody says: what differs from these was said by somebody. */
  readonly defaults: RecordedValues;
  /** The environment variables that the program looked at, by their names; null for one that was not set. In the text of a record they are called `surroundings`. */
  readonly environmentVariables: Readonly<Record<string, string | null>>;
  readonly jobs: readonly RecordedJob[];
  readonly consul: readonly RecordedInConsul[];
}

/**
 * The environment variables that say where jobs go which name no namespace, or no region. What of them is set is recorded for every stack.
 */
export const PLACE_VARIABLES = { namespace: "NOMAD_NAMESPACE", region: "NOMAD_REGION" } as const;

/** The version of the layout that is written. A record with a higher one was written by a later release, and is not read. */
export const RECORD_FORMAT = 1;

/** Where all records are: below this path, in Consul's KV store and among Nomad's variables. */
export const RECORD_ROOT = "cdk-nomad/stacks/";

/** Where a record is: the key of its head, below which its parts are. */
export function recordPath({ project, environment }: StackIdentity): string {
  return `${RECORD_ROOT}${pathStep(project)}/${pathStep(environment)}`;
}

/**
 * The variable of what is submitted with a job that says which stack it is registered for, by the path of the stack's record. Nomad keeps it beside the version, and it is no part of the
 * job. Whoever may write records alone cannot write it.
 *
 * @see https://developer.hashicorp.com/nomad/api-docs/jobs#read-job-submission
 */
export const SUBMITTED_FOR = "cdk_nomad_stack";

/**
 * One step of a path out of any name. Nomad's variables take letters, digits, `-`, `_` and `~` in one; the rest is written as `~` and its bytes in
 * hexadecimal digits, and no two names become the same.
 */
function pathStep(name: string): string {
  return [...Buffer.from(name, "utf8")]
    .map((byte) => {
      const char = String.fromCharCode(byte);
      return /[A-Za-z0-9_-]/.test(char) ? char : `~${byte.toString(16).padStart(2, "0")}`;
    })
    .join("");
}

/** Which stack the record of a path is of: the other way round from {@link recordPath}. */
export function stackOfPath(path: string): StackIdentity {
  const [project = "", environment = ""] = path.slice(RECORD_ROOT.length).split("/").map(nameOfStep);
  return { project, environment };
}

function nameOfStep(step: string): string {
  const bytes = [...step.matchAll(/~([0-9a-f]{2})|([^~])/g)].map(([, hex, char = ""]) =>
    hex === undefined ? Buffer.from(char) : Buffer.from(hex, "hex"),
  );
  return Buffer.concat(bytes).toString("utf8");
}

/** An object of a record: its path, and what stands in it, to be written as JSON. */
export interface RecordEntry {
  readonly path: string;
  readonly value: unknown;
}

/** Bytes of a part's JSON: a variable of Nomad takes 64 KiB, what is around it included. */
const LARGEST_PART = 40 * 1024;

/** Below the head: parts of its lists, counted from 0. `others` are the former things, which earlier deployments brought; no program knows of them. */
export type PartsOf = "jobs" | "consul" | "others";

/** The path of one part. */
export function partPath(head: string, list: PartsOf, index: number): string {
  return `${head}/${list}/${index}`;
}

/**
 * The objects that a record is written as: a head, and its lists in parts that fit into a variable of Nomad.
 *
 * @param content whose texts may hold tokens that are filled in later
 * @param more how many bytes a text may grow by when they are. Default: none
 */
export function layOut(content: RecordContent, more: (json: string) => number = () => 0): readonly RecordEntry[] {
  const head = recordPath(content);
  const { project, environment, projectName, owner, variables, defaults, environmentVariables } = content;
  const jobs = inParts(
    inOrder(content.jobs, ({ id, region, namespace }) => ({ id, region, namespace })),
    more,
  );
  const consul = inParts(
    inOrder(content.consul, ({ kind, name }) => ({ kind, name })),
    more,
  );
  const value = {
    format: RECORD_FORMAT,
    project,
    environment,
    // Releases that do not know it read the record without it.
    ...(projectName === undefined || projectName === project ? {} : { name: projectName }),
    owner,
    variables: byName(variables),
    defaults: byName(defaults),
    // As every release before has it: a record of one is read by the other.
    surroundings: byName(environmentVariables),
    parts: { jobs: jobs.length, consul: consul.length },
  };
  const entries = (list: PartsOf, parts: readonly unknown[]) =>
    parts.map((part, index) => ({ path: partPath(head, list, index), value: part }));
  return [{ path: head, value }, ...entries("jobs", jobs), ...entries("consul", consul)];
}

/** A list in parts of bounded size; an empty list has none. */
export function inParts(
  items: readonly unknown[],
  more: (json: string) => number = () => 0,
): readonly (readonly unknown[])[] {
  const parts: unknown[][] = [];
  let size = 0;
  for (const item of items) {
    const json = JSON.stringify(item);
    const own = Buffer.byteLength(json) + 1 + more(json);
    const last = parts.at(-1);
    if (last === undefined || size + own > LARGEST_PART) {
      parts.push([item]);
      size = own;
    } else {
      last.push(item);
      size += own;
    }
  }
  return parts;
}

/** Items with the same properties each, without those that are not there, in an order that does not depend on the program's. */
function inOrder<T>(items: readonly T[], plain: (item: T) => object): readonly object[] {
  const texts = new Map(items.map((item) => [JSON.stringify(plain(item)), plain(item)] as const));
  return [...texts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
}

function byName<T>(values: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));
}
