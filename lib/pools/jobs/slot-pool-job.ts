import {
  Check,
  Driver,
  Duration,
  LogConfig,
  Memory,
  Network,
  Port,
  Reschedule,
  Resources,
  Restart,
  Scaling,
  Service,
  Task,
  TaskGroup,
  Update,
  type ResourcesProps,
} from "../../jobspec";
import { ANYTHING, checkProps, FLAG, NUMBER, oneOfTexts, TEXT, TEXTS, type PropKinds } from "../../jobspec/host";
import { coreShare } from "../../job-parts";
import { sandboxServerCommand, TOKEN_FILE, type Isolation } from "../sandbox";
import { PoolJob } from "./pool-job";
import { slotPoolSettings, type SlotPoolSettings } from "./slot-pool-settings";

/** Properties of {@link SlotPoolJob}. */
export interface SlotPoolJobProps extends Partial<Omit<SlotPoolSettings, "driver" | "address" | "jobId">> {
  /**
   * What runs the sandboxes: Docker, Singularity or Apptainer; or processes of the node, where there is neither.
   *
   * @default "docker"
   */
  readonly driver?: SlotPoolSettings["driver"] | "exec";
  /**
   * The pool's name: its job's id, and the name of its service. Published clients of Hermes look for `hermes-sandbox`.
   *
   * @default "hermes-sandbox"
   */
  readonly name?: string;
  /**
   * Whether a changed pool comes up beside the old one, as a job of another id (`<name>-<hash>`, see {@link PoolJob}), so that a change ends
   * nothing that is leased. Clients that look for the job by the pool's name do not find it then.
   *
   * @default false
   */
  readonly generations?: boolean;
  /**
   * Whether the sandbox server asks for a token. `own`: each makes one when it starts, and whoever may run commands in the allocation reads it there
   * (`READ_TOKEN`). `none`: for clients that know no token; it then listens on 127.0.0.1, and whatever runs on the node reaches it.
   *
   * @default "own"
   */
  readonly token?: "own" | "none";
  /**
   * What may keep the slots apart, the first that is possible where it runs. With `none` in it, it starts also where nothing can, and says so in every
   * answer.
   *
   * @default ["bubblewrap", "user"]
   */
  readonly isolation?: readonly Isolation[];
  /**
   * The program of the sandbox server, with its first arguments, where it is a process of the node.
   *
   * @default - the one of this library, with the Node that runs this
   */
  readonly command?: readonly [string, ...string[]];
  /**
   * What one sandbox needs.
   *
   * @default - 0.5 core and 512 MiB
   */
  readonly resources?: Resources | ResourcesProps;
  /**
   * Datacenters it may run in.
   *
   * @default - any
   */
  readonly datacenters?: readonly string[];
}

const KINDS: PropKinds<SlotPoolJobProps> = {
  driver: oneOfTexts("docker", "singularity", "raw_exec", "exec"),
  name: TEXT,
  generations: FLAG,
  token: oneOfTexts("own", "none"),
  isolation: TEXTS,
  command: TEXTS,
  resources: ANYTHING,
  datacenters: TEXTS,
  image: TEXT,
  apptainerImage: TEXT,
  slots: NUMBER,
  min: NUMBER,
  max: NUMBER,
  privileged: FLAG,
  port: NUMBER,
};

/** The port of the sandbox's server inside a container with a network of its own. */
const SERVER_PORT = 8080;
/** A fixed tag: Nomad would ask a registry for `latest` before every start. */
const IMAGE = "hermes-sandbox:local";
/** The program in the image. */
const PROGRAM = "/app/hermes-sandbox";

/**
 * Sandboxes with slots: each runs a sandbox server, which runs the commands of several tasks at a time, each in a workspace of its own. How many there
 * are is somebody else's to say, between `min` and `max`; the job has no deployments, since Nomad would refuse to scale it during one.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/job
 */
export class SlotPoolJob extends PoolJob {
  constructor(props: SlotPoolJobProps = {}) {
    checkProps(props, "SlotPoolJob", KINDS);
    const { name = "hermes-sandbox", slots = 10, min = 1, max = 10, port, datacenters, generations = false } = props;
    const { contained, own } = wayOf(props);
    super({
      pool: name,
      ...(generations ? {} : { id: name }),
      type: "service",
      datacenters,
      meta: { slots: String(slots) },
      update: new Update({ healthCheck: "task_states", minHealthyTime: Duration.zero, maxParallel: 0 }),
      groups: [
        new TaskGroup({
          name: "sandbox",
          count: min,
          scaling: new Scaling({ min, max, enabled: true }),
          networks: [
            Network.host(
              port !== undefined && !contained
                ? Port.static("http", port)
                : Port.dynamic("http", own ? { to: SERVER_PORT } : {}),
            ),
          ],
          restart: new Restart({
            attempts: 3,
            interval: Duration.minutes(5),
            delay: Duration.seconds(10),
            mode: "delay",
          }),
          reschedule: Reschedule.limited(5, Duration.hours(1), {
            delay: Duration.seconds(30),
            delayFunction: "exponential",
            maxDelay: Duration.minutes(5),
          }),
          tasks: [
            new Task({
              name: "sandbox-server",
              driver: driverOf(props),
              killTimeout: Duration.seconds(30),
              resources: props.resources ?? new Resources({ cpu: coreShare(0.5), memory: Memory.mebibytes(512) }),
              logs: new LogConfig({ maxFiles: 3, maxFileSize: Memory.mebibytes(10) }),
              services: [
                new Service({
                  name,
                  port: "http",
                  meta: { slots: String(slots) },
                  checks: [
                    Check.http({ path: "/health", interval: Duration.seconds(10), timeout: Duration.seconds(2) }),
                  ],
                }),
              ],
            }),
          ],
        }),
      ],
    });
  }

  /** The pool that Hermes' environment variables, TERMINAL_NOMAD_…, ask for; what is given here counts before them. */
  static fromEnvironment(env: Readonly<Record<string, string | undefined>>, props: SlotPoolJobProps = {}): SlotPoolJob {
    const { jobId, address: _, ...settings } = slotPoolSettings(env);
    return new SlotPoolJob({ name: jobId, ...settings, ...props });
  }
}

/** Where its server runs: in a container, and with a network of the container's own. */
function wayOf({ driver = "docker", token = "own" }: SlotPoolJobProps) {
  const contained = driver === "docker";
  return { contained, own: contained && token === "own" };
}

function driverOf(props: SlotPoolJobProps): Driver {
  const { driver = "docker", image, apptainerImage, privileged = false } = props;
  const { own } = wayOf(props);
  if (driver === "docker")
    return Driver.docker({
      image: image ?? IMAGE,
      forcePull: false,
      args: argumentsOf(props, "/data"),
      init: true,
      ...(own ? { ports: ["http"] } : { networkMode: "host" }),
      ...(privileged ? { privileged } : {}),
    });
  const data = "${NOMAD_ALLOC_DIR}/data";
  if (driver === "singularity")
    return Driver.singularity({
      image: apptainerImage ?? image ?? `docker://${IMAGE}`,
      command: "run",
      args: argumentsOf(props, "/data"),
      binds: [`${data}:/data`],
      contain: true,
      noHome: true,
    });
  const [program, ...args] =
    apptainerImage === undefined
      ? [...(props.command ?? sandboxServerCommand()), ...argumentsOf(props, data)]
      : ["apptainer", "exec", "--bind", `${data}:/data`, apptainerImage, PROGRAM, ...argumentsOf(props, "/data")];
  return driver === "exec" ? Driver.exec({ command: program, args }) : Driver.rawExec({ command: program, args });
}

/** The command line of the sandbox server. */
function argumentsOf(props: SlotPoolJobProps, dataDir: string): readonly string[] {
  const { slots = 10, token = "own", isolation } = props;
  const { own } = wayOf(props);
  // A container with a network of its own is reached from outside of it; whatever has the node's listens where it was told, and no wider.
  const listen = own ? "0.0.0.0" : token === "none" ? "127.0.0.1" : "${NOMAD_IP_http}";
  return [
    ...["--port", own ? String(SERVER_PORT) : "${NOMAD_PORT_http}", "--slots", String(slots), "--data-dir", dataDir],
    ...["--listen", listen],
    ...(token === "none" ? ["--no-token"] : ["--token-file", TOKEN_FILE]),
    ...(isolation === undefined ? [] : ["--isolation", isolation.join(",")]),
  ];
}
