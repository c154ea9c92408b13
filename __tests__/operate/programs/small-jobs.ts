import { readFileSync } from "node:fs";
import { App, TerraformStack } from "cdktf";
import {
  Check,
  Constraint,
  Cpu,
  Driver,
  Duration,
  Job,
  KeyValues,
  Lifecycle,
  Memory,
  Network,
  NomadJob,
  nomadProvider,
  Port,
  RegionalJob,
  Resources,
  Restart,
  runProgram,
  Scaling,
  Service,
  ServiceDefaults,
  ServiceResolver,
  setStackOwner,
  synthesize,
  type StackOwner,
  Task,
  TaskGroup,
  type TaskProps,
  Update,
  useNomadProvider,
} from "../../../lib";

/** A job of one shell script, as a test wants it. */
export interface SmallJob {
  readonly id: string;
  readonly script?: string;
  readonly count?: number;
  readonly canary?: number;
  readonly autoPromote?: boolean;
  readonly autoRevert?: boolean;
  readonly namespace?: string;
  readonly region?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Default: the script is run as it is. */
  readonly driver?: "exec";
  /** MiB. */
  readonly memory?: number;
  readonly priority?: number;
  /** A port of this machine that is checked over HTTP. */
  readonly checkedPort?: number;
  /** Whether its requests can be split between the stable allocations and the canaries. */
  readonly split?: boolean;
  /** The limits of a scaling policy. */
  readonly scaled?: { readonly min: number; readonly max: number };
  /** Seconds. */
  readonly deadline?: number;
  /** A file of this machine that the script waits for: until a test writes it, nothing of the job is healthy, however fast the machine is. */
  readonly gate?: string;
  /** How many are replaced or restarted at once. Default: 1. */
  readonly maxParallel?: number;
  /** An attribute that nodes must have. */
  readonly constraint?: { readonly attribute: string; readonly value: string };
  /** How long each runs before it counts as healthy, in milliseconds. Default: 500. */
  readonly minHealthyTime?: number;
}

/** What the program is made of. */
export interface SmallProgram {
  readonly jobs: readonly SmallJob[];
  readonly keys?: Readonly<Record<string, string>>;
  /** Default: dev. */
  readonly environment?: string;
  /** Who brings the stack. Default: `cdk-nomad`. */
  readonly owner?: StackOwner;
  /** Every job goes to these, one after another, the first first. */
  readonly regions?: readonly string[];
  readonly onFailure?: "fail_all" | "fail_local";
  /** The release of Terraform's provider, in the place of the usual one. */
  readonly provider?: string;
}

const portOf = (port: number | undefined) => (port === undefined ? Port.dynamic("http") : Port.static("http", port));

function serviceOf({ id, split }: SmallJob, checks: readonly Check[]): Service {
  const channels = { meta: { channel: "stable" }, canaryMeta: { channel: "canary" } };
  return new Service({ name: id, port: "http", checks, ...(split ? channels : {}) });
}

const BEFORE = new Lifecycle({ hook: "prestart" });

function taskOf(
  name: string,
  script: string,
  { memory = 16, ...more }: Partial<TaskProps> & { readonly memory?: number },
) {
  return new Task({
    name,
    driver: Driver.rawExec({ command: "/bin/sh", args: ["-c", script] }),
    resources: new Resources({ cpu: Cpu.mhz(20), memory: Memory.mebibytes(memory) }),
    killTimeout: Duration.seconds(1),
    ...more,
  });
}

function jobOf(small: SmallJob): Job {
  const { id, script = "exec sleep 3600", canary = 0, deadline = 60, checkedPort, gate } = small;
  const checked = checkedPort !== undefined;
  const check = { path: "/", port: "http", interval: Duration.seconds(1), timeout: Duration.seconds(1) };
  return new Job({
    id,
    namespace: small.namespace,
    region: small.region,
    priority: small.priority,
    constraints: small.constraint ? [Constraint.equals(small.constraint.attribute, small.constraint.value)] : [],
    groups: [
      new TaskGroup({
        name: "work",
        count: small.count ?? 1,
        networks: checked || small.split ? [new Network({ ports: [portOf(checkedPort)] })] : [],
        services: checked || small.split ? [serviceOf(small, checked ? [Check.http(check)] : [])] : [],
        restart: Restart.fail({ attempts: 0 }),
        scaling: small.scaled && new Scaling({ enabled: true, ...small.scaled }),
        update: new Update({
          maxParallel: small.maxParallel ?? 1,
          healthCheck: checked ? "checks" : "task_states",
          minHealthyTime: Duration.milliseconds(small.minHealthyTime ?? 500),
          healthyDeadline: Duration.seconds(deadline),
          progressDeadline: Duration.seconds(deadline + 10),
          autoRevert: small.autoRevert ?? false,
          ...(canary > 0 ? { canary, autoPromote: small.autoPromote ?? false } : {}),
        }),
        tasks: [
          ...(gate === undefined
            ? []
            : [taskOf("gate", `while ! [ -e '${gate}' ]; do sleep 0.1; done`, { lifecycle: BEFORE })]),
          taskOf("script", script, {
            env: small.env,
            memory: small.memory,
            ...(small.driver ? { driver: Driver.exec({ command: "/bin/sh", args: ["-c", script] }) } : {}),
          }),
        ],
      }),
    ],
  });
}

const {
  jobs,
  keys,
  provider,
  environment = "dev",
  owner,
  regions,
  onFailure,
} = JSON.parse(readFileSync("change.json", "utf8")) as SmallProgram;
const app = new App();
if (provider !== undefined) useNomadProvider(app, provider);
const stack = new TerraformStack(app, environment);
if (owner) setStackOwner(stack, owner);
for (const small of jobs) {
  const job = jobOf(small);
  if (small.split) {
    const after = [new ServiceDefaults(stack, `${small.id}-defaults`, { service: small.id, protocol: "http" })];
    const subsets = { stable: 'Service.Meta.channel == "stable"', canary: 'Service.Meta.channel == "canary"' };
    const resolver = { service: small.id, defaultSubset: "stable", subsets, after };
    new ServiceResolver(stack, `${small.id}-resolver`, resolver);
  }
  const allow = ["secret/literal"] as const;
  // The same id may be in several regions and namespaces.
  const name = stack.node.tryFindChild(job.id) ? [job.id, small.region, small.namespace].join("-") : job.id;
  if (!regions) new NomadJob(stack, name, { job, provider: nomadProvider(stack), allow });
  else {
    const strategy = { maxParallel: 1, ...(onFailure ? { onFailure } : {}) };
    new RegionalJob(stack, job.id, { job, regions: { strategy, regions: regions.map((name) => ({ name })) }, allow });
  }
}
if (keys) new KeyValues(stack, "keys", { prefix: "small", values: keys, allow: ["secret/literal"] });
runProgram(() => synthesize(app));
