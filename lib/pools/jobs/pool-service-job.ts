import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  Check,
  Consul,
  Cpu,
  Driver,
  Duration,
  Identity,
  Job,
  LogConfig,
  Memory,
  Network,
  Port,
  Resources,
  Restart,
  Service,
  Task,
  TaskGroup,
  Update,
  type ResourcesProps,
} from "../../jobspec";
import {
  ANYTHING,
  checkProps,
  FLAG,
  NUMBER,
  OBJECT,
  oneOfTexts,
  required,
  TEXT,
  TEXTS,
  type PropKinds,
} from "../../jobspec/host";
import { IMAGE_TAG } from "../../job-parts";
import { SERVICE_PORT } from "../facts";

/** Properties of {@link PoolServiceJob}. */
export interface PoolServiceJobProps {
  /** The names of the warm pools that it serves. */
  readonly pools: readonly string[];
  /**
   * The names of the slot pools that it serves.
   *
   * @default - none
   */
  readonly slotPools?: readonly string[];
  /**
   * How it is run: in a container, or as a process of the node.
   *
   * @default - in a container of `cdk-nomad-service:0.1.0`, in the node's network
   */
  readonly execution?:
    | { readonly kind: "docker"; readonly image?: string }
    | {
        readonly kind: "raw_exec";
        /**
         * The command line's program, with its first arguments.
         *
         * @default - this package's own, with the Node that runs this
         */
        readonly command?: readonly [string, ...string[]];
      };
  /**
   * How many run; they share the pools.
   *
   * @default 1
   */
  readonly count?: number;
  /**
   * Its port on the node.
   *
   * @default 8790
   */
  readonly port?: number;
  /**
   * The address that it listens at.
   *
   * @default "0.0.0.0"
   */
  readonly listen?: string;
  /**
   * Where its tokens are: a file of the node, or a Nomad variable. The job may read variables below `nomad/jobs/<its id>` by its own identity.
   *
   * @default - the variable `nomad/jobs/pool-service`
   */
  readonly tokens?: { readonly file: string } | { readonly variable: string };
  /**
   * Where leases are kept.
   *
   * @default "consul"
   */
  readonly store?: "consul" | "nomad";
  /**
   * How commands are run that no container is free for.
   *
   * @default "docker"
   */
  readonly runtime?: "docker" | "exec" | "raw_exec";
  /**
   * What becomes of a container that was released: it is replaced, or emptied for its owner's next command at the same service.
   *
   * @default "replace"
   */
  readonly reuse?: "replace" | "same-owner";
  /**
   * Where Nomad is, seen from the node.
   *
   * @default "http://127.0.0.1:4646"
   */
  readonly nomadAddress?: string;
  /**
   * Where Consul is, seen from the node.
   *
   * @default "http://127.0.0.1:8500"
   */
  readonly consulAddress?: string;
  /**
   * Whether Consul is asked with a token of the task's own identity, as a cluster with ACLs wants it.
   *
   * @default false
   */
  readonly consulIdentity?: boolean;
  /**
   * What it needs.
   *
   * @default - 200 MHz and 256 MiB
   */
  readonly resources?: Resources | ResourcesProps;
  /**
   * Datacenters it may run in.
   *
   * @default - any
   */
  readonly datacenters?: readonly string[];
}

const KINDS: PropKinds<PoolServiceJobProps> = {
  pools: required(TEXTS),
  slotPools: TEXTS,
  execution: OBJECT,
  count: NUMBER,
  port: NUMBER,
  listen: TEXT,
  tokens: OBJECT,
  store: oneOfTexts("consul", "nomad"),
  runtime: oneOfTexts("docker", "exec", "raw_exec"),
  reuse: oneOfTexts("replace", "same-owner"),
  nomadAddress: TEXT,
  consulAddress: TEXT,
  consulIdentity: FLAG,
  resources: ANYTHING,
  datacenters: TEXTS,
};

/** Where the tokens of a project's own service are, below the project's folder. */
export const SERVICE_TOKENS = ".cdk-nomad/pool-service/tokens.jsonl";

/** How long Nomad waits for it to end in order: longer than its own patience with commands. */
const KILL_TIMEOUT = Duration.seconds(40);

/**
 * The HTTP service that hands the pools out, `cdk-nomad serve`. It keeps no state, so that a new version takes the place of the old one between
 * two calls, and any number of them share the pools.
 *
 * Nomad is asked with the task's own identity, whose token is in its environment. In a cluster with ACLs that identity needs a policy for the job:
 * `examples/policies/pool-service.nomad.hcl` is one.
 *
 * @see https://developer.hashicorp.com/nomad/docs/concepts/workload-identity
 */
export class PoolServiceJob extends Job {
  /** Its id, and its name in Consul. */
  static readonly ID = "pool-service";
  /** The port of a service that nobody gives another one: of this job, of `cdk-nomad serve`, and where clients look for it. */
  static readonly PORT = SERVICE_PORT;

  constructor(props: PoolServiceJobProps) {
    checkProps(props, "PoolServiceJob", KINDS);
    const { count = 1, port = PoolServiceJob.PORT, datacenters, resources, consulIdentity = false } = props;
    const http = Port.static("http", port);
    super({
      id: PoolServiceJob.ID,
      type: "service",
      datacenters,
      update: new Update({ maxParallel: 1, minHealthyTime: Duration.seconds(2), autoRevert: true }),
      groups: [
        new TaskGroup({
          name: "service",
          count,
          networks: [Network.host(http)],
          restart: Restart.fail({ attempts: 3, delay: Duration.seconds(2), interval: Duration.minutes(1) }),
          tasks: [
            new Task({
              name: "pool-service",
              driver: driverOf(props),
              env: environmentOf(props),
              identity: new Identity({ env: true, changeMode: "restart" }),
              ...(consulIdentity ? { consul: new Consul() } : {}),
              killTimeout: KILL_TIMEOUT,
              resources: resources ?? new Resources({ cpu: Cpu.mhz(200), memory: Memory.mebibytes(256) }),
              logs: new LogConfig({ maxFiles: 3, maxFileSize: Memory.mebibytes(10) }),
              services: [
                new Service({
                  name: PoolServiceJob.ID,
                  port: "http",
                  checks: [
                    Check.http({ path: "/healthz", interval: Duration.seconds(2), timeout: Duration.seconds(2) }),
                  ],
                }),
              ],
            }),
          ],
        }),
      ],
    });
  }
}

function environmentOf(props: PoolServiceJobProps): Record<string, string> {
  const { pools, slotPools = [], listen = "0.0.0.0", store = "consul", runtime = "docker" } = props;
  const { tokens = { variable: `nomad/jobs/${PoolServiceJob.ID}` }, consulAddress = "http://127.0.0.1:8500" } = props;
  return {
    NOMAD_ADDR: props.nomadAddress ?? "http://127.0.0.1:4646",
    CONSUL_HTTP_ADDR: consulAddress,
    POOL_SERVICE_LISTEN: listen,
    POOL_SERVICE_PORT: "${NOMAD_PORT_http}",
    POOL_SERVICE_POOLS: pools.join(","),
    ...(slotPools.length === 0 ? {} : { POOL_SERVICE_SLOT_POOLS: slotPools.join(",") }),
    POOL_SERVICE_STORE: store,
    POOL_SERVICE_RUNTIME: runtime,
    ...("file" in tokens ? { POOL_SERVICE_TOKENS: tokens.file } : { POOL_SERVICE_TOKENS_VARIABLE: tokens.variable }),
    ...(props.reuse === undefined ? {} : { POOL_SERVICE_REUSE: props.reuse }),
  };
}

function driverOf({ execution = { kind: "docker" } }: PoolServiceJobProps): Driver {
  if (execution.kind === "docker")
    return Driver.docker({
      image: execution.image ?? `cdk-nomad-service:${IMAGE_TAG}`,
      args: ["serve"],
      networkMode: "host",
      forcePull: false,
      init: true,
    });
  const [program, ...args] = execution.command ?? ownCommand();
  return Driver.rawExec({ command: program, args: [...args, "serve"] });
}

/** The command line of this package, of its sources or of what was compiled of them. */
function ownCommand(): readonly [string, ...string[]] {
  const found = ["../../..", "../../../.."].map((up) => join(__dirname, up, "bin", "cdk-nomad.js")).find(existsSync);
  return [process.execPath, found ?? "cdk-nomad"];
}
