import {
  Check,
  Cpu,
  Duration,
  Memory,
  Resources,
  Service,
  Task,
  TaskGroup,
  Template,
  type CheckProps,
} from "../../jobspec";
import { ANYTHING, checkProps, FLAG, listOf, NUMBER, objectOf, TEXT, type PropKinds } from "../../jobspec/host";
import { AdminGroup } from "./admin-group";
import { awaitService } from "./await-service";
import {
  BINARIES,
  CHANNEL,
  configTemplates,
  GROUP_PROPS,
  LOGS,
  networkOf,
  originMeta,
  RESTART,
  type PrismGroupProps,
} from "./group-props";
import { PATTERN, patternTemplates, type Pattern } from "./pattern";
import { Program } from "./program";

/** Ports of pattern-launcher. */
export interface LauncherPorts {
  /**
   * Its gRPC API.
   *
   * @default 7070
   */
  readonly grpc?: number;
  /**
   * `GET /health`.
   *
   * @default 9093
   */
  readonly health?: number;
  /**
   * Metrics. Claimed and told to the program only where it is set.
   *
   * @default - the program's own, 9092
   */
  readonly metrics?: number;
}

/** Properties of {@link LauncherGroup}. */
export interface LauncherGroupProps extends PrismGroupProps {
  /** The ports that it listens on. Default: as each of them says. */
  readonly ports?: LauncherPorts;
  /**
   * How it is checked.
   *
   * @default - http GET /health every 10 s within 2 s
   */
  readonly check?: Check | CheckProps;
  /**
   * Its name among launchers. Where several run, their index is added.
   *
   * @default "launcher-01"
   */
  readonly launcherId?: string;
  /**
   * The region that it tells the admin.
   *
   * @default - the program's own
   */
  readonly region?: string;
  /**
   * A directory of patterns on the node. The launcher exits where it holds none.
   *
   * @default "${NOMAD_TASK_DIR}/../../patterns"; its own directory where `patterns` are given
   */
  readonly patternsDir?: string;
  /**
   * Patterns that are written into the task's own directory.
   *
   * @default - none
   */
  readonly patterns?: readonly Pattern[];
  /**
   * Whether the program starts only once a healthy admin is in Consul.
   *
   * @default true
   */
  readonly awaitAdmin?: boolean;
}

const KINDS: PropKinds<LauncherGroupProps> = {
  ...GROUP_PROPS,
  ports: objectOf<LauncherPorts>({ grpc: NUMBER, health: NUMBER, metrics: NUMBER }),
  check: ANYTHING,
  launcherId: TEXT,
  region: TEXT,
  patternsDir: TEXT,
  patterns: listOf(
    PATTERN,
    "a list of patterns",
    '[{ name: "echo", version: "1.0.0", command: "./echo", healthPort: 9000 }]',
  ),
  awaitAdmin: FLAG,
};

/**
 * The admin's address for the launcher's environment. While no admin is healthy, the template asks for a key that nobody sets, and a
 * template that misses a key is not rendered: the last address stays, and an admin that is restarted does not take its launchers
 * with it. The key lies under the prefix that this environment alone fills.
 */
function adminAddress(configPrefix = "prism"): string {
  const absent = `{{ else }}# {{ key "${configPrefix}/no-healthy-admin" }}`;
  return `{{ range service "${AdminGroup.SERVICE}" }}\nADMIN_ADDR={{ .Address }}:{{ .Port }}\n${absent}\n{{ end }}\n`;
}

/** pattern-launcher: starts patterns, and tells the admin of them. */
export class LauncherGroup extends TaskGroup {
  /** The name under which Consul knows it. */
  static readonly SERVICE = "pattern-launcher";

  constructor(props: LauncherGroupProps = {}) {
    checkProps(props, "LauncherGroup", KINDS);
    const program = props.program ?? Program.binary(`${BINARIES}/pattern-launcher`);
    const ports = { grpc: 7070, health: 9093, ...props.ports };
    const count = props.count ?? 1;
    const main = new Task({
      name: "pattern-launcher",
      driver: program.driver([...flags(ports, props, count), ...(props.args ?? [])], Object.keys(ports)),
      env: props.env,
      meta: originMeta(program),
      templates: [
        // A new address restarts the launcher: it registers with its admin only when it starts.
        Template.env("local/admin.env", adminAddress(props.configPrefix)),
        ...configTemplates(props.configPrefix),
        ...patternTemplates(props.patterns),
      ],
      resources: props.resources ?? new Resources({ cpu: Cpu.mhz(1000), memory: Memory.mebibytes(512) }),
      services: [
        new Service({
          name: LauncherGroup.SERVICE,
          port: "health",
          ...CHANNEL,
          checks: [
            props.check ??
              Check.http({ path: "/health", interval: Duration.seconds(10), timeout: Duration.seconds(2) }),
          ],
        }),
      ],
      logs: props.logs ?? LOGS,
    });
    super({
      name: "launcher",
      count,
      networks: [networkOf(program, ports)],
      restart: props.restart ?? RESTART,
      update: props.update,
      tasks: props.awaitAdmin === false ? [main] : [awaitService(AdminGroup.SERVICE, program), main],
    });
  }
}

function flags(
  ports: Required<Pick<LauncherPorts, "grpc" | "health">> & LauncherPorts,
  props: LauncherGroupProps,
  count: number,
): string[] {
  const id = props.launcherId ?? "launcher-01";
  const usual = props.patterns?.length ? "${NOMAD_TASK_DIR}/patterns" : "${NOMAD_TASK_DIR}/../../patterns";
  const out = [
    "--admin-endpoint=${ADMIN_ADDR}",
    `--launcher-id=${count > 1 ? `${id}-\${NOMAD_ALLOC_INDEX}` : id}`,
    `--grpc-port=${ports.grpc}`,
    `--health-port=${ports.health}`,
    `--patterns-dir=${props.patternsDir ?? usual}`,
  ];
  if (ports.metrics !== undefined) out.push(`--metrics-port=${ports.metrics}`);
  if (props.region !== undefined) out.push(`--region=${props.region}`);
  return out;
}
