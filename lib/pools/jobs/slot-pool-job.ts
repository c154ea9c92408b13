import { join } from "node:path";
import {
  Check,
  Driver,
  Duration,
  Job,
  LogConfig,
  Memory,
  Network,
  Port,
  Resources,
  Restart,
  Scaling,
  Service,
  Task,
  TaskGroup,
  Update,
} from "../../jobspec";
import { checkProps } from "../../jobspec/host";
import { coreShare, IMAGE_TAG, standInCommand } from "../../job-parts";
import { slotPoolSettings, type SlotPoolSettings } from "./slot-pool-settings";

/** Properties of {@link SlotPoolJob}. */
export interface SlotPoolJobProps extends Partial<Omit<SlotPoolSettings, "driver">> {
  /**
   * What runs the sandboxes: Docker, Singularity or Apptainer; or processes of the node, where there is neither.
   *
   * @default "docker"
   */
  readonly driver?: SlotPoolSettings["driver"] | "raw_exec" | "exec";
  /**
   * Its id, and the name of its service.
   *
   * @default "hermes-slot-pool"
   */
  readonly name?: string;
  /**
   * The program of a sandbox, with its first arguments, where it is a process.
   *
   * @default - a stand-in that answers GET /health
   */
  readonly command?: readonly [string, ...string[]];
  /**
   * What one sandbox needs.
   *
   * @default - 0.5 core and 512 MiB
   */
  readonly resources?: Resources;
  /**
   * Datacenters it may run in.
   *
   * @default - any
   */
  readonly datacenters?: readonly string[];
}

/** The port of the sandbox's server inside a container. */
const SERVER_PORT = 8080;
const IMAGE = `hermes-sandbox:${IMAGE_TAG}`;

/**
 * Sandboxes with slots: each runs the commands of several tasks at a time, each in a workspace of its own. How many there are
 * is somebody else's to say, between `min` and `max`.
 */
export class SlotPoolJob extends Job {
  constructor(props: SlotPoolJobProps = {}) {
    checkProps(props, "SlotPoolJob");
    const { name = "hermes-slot-pool", slots = 10, min = 1, max = 10, driver = "docker", datacenters } = props;
    const contained = driver === "docker";
    super({
      id: name,
      type: "service",
      datacenters,
      meta: { slots: String(slots) },
      update: new Update({ maxParallel: 1, minHealthyTime: Duration.seconds(5) }),
      groups: [
        new TaskGroup({
          name: "sandboxes",
          count: min,
          scaling: new Scaling({ min, max, enabled: true }),
          networks: [Network.host(Port.dynamic("http", contained ? { to: SERVER_PORT } : {}))],
          restart: Restart.fail({ attempts: 3, delay: Duration.seconds(5), interval: Duration.minutes(5) }),
          tasks: [
            new Task({
              name: "sandbox",
              driver: driverOf(props),
              meta: isStandIn(props) ? { stand_in: "true" } : undefined,
              env: {
                SANDBOX_SLOTS: String(slots),
                SANDBOX_PORT: contained ? String(SERVER_PORT) : "${NOMAD_PORT_http}",
              },
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
    return new SlotPoolJob({ ...slotPoolSettings(env), ...props });
  }
}

/** Whether a program of this library takes the place of a sandbox. */
function isStandIn({ driver, command }: SlotPoolJobProps): boolean {
  return (driver === "raw_exec" || driver === "exec") && command === undefined;
}

function driverOf({ driver = "docker", image, command }: SlotPoolJobProps): Driver {
  if (driver === "docker") return Driver.docker({ image: image ?? IMAGE, ports: ["http"], init: true });
  if (driver === "singularity")
    return Driver.singularity({ image: image ?? `docker://${IMAGE}`, command: "run", contain: true, noHome: true });
  const [program, ...args] = command ?? standInCommand(join(__dirname, "stand-ins"), "sandbox");
  return driver === "exec" ? Driver.exec({ command: program, args }) : Driver.rawExec({ command: program, args });
}
