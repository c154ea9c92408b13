import {
  Check,
  Cpu,
  Duration,
  Memory,
  Network,
  Resources,
  Service,
  Task,
  TaskGroup,
  Template,
  type CheckProps,
} from "../../jobspec";
import { ANYTHING, checkProps, FLAG, objectBy, TEXT, type PropKinds } from "../../jobspec/host";
import { awaitService } from "./await-service";
import {
  BINARIES,
  CHANNEL,
  configTemplates,
  GROUP_PROPS,
  LOGS,
  originMeta,
  RESTART,
  type PrismGroupProps,
} from "./group-props";
import { LauncherGroup } from "./launcher-group";
import { Program } from "./program";

/** What keyvalue-runner works for: a proxy that tells it what to do, or one namespace of its own. */
export type KeyvalueMode =
  | {
      /** The proxy's address. */
      readonly proxy: string;
    }
  | {
      /** The namespace it serves by itself, in memory. */
      readonly namespace: string;
    };

/** Properties of {@link KeyvalueGroup}. */
export interface KeyvalueGroupProps extends PrismGroupProps {
  /**
   * What it works for.
   *
   * @default - the proxy at localhost:9090
   */
  readonly mode?: KeyvalueMode;
  /**
   * How it is checked.
   *
   * @default - a script that always passes, every 30 s within 5 s: the program has no health check; none in a
   * container, which may hold no shell
   */
  readonly check?: Check | CheckProps;
  /**
   * Whether the program starts only once a healthy launcher is in Consul.
   *
   * @default true
   */
  readonly awaitLauncher?: boolean;
}

const KINDS: PropKinds<KeyvalueGroupProps> = {
  ...GROUP_PROPS,
  mode: objectBy(() => ({ proxy: TEXT, namespace: TEXT })),
  check: ANYTHING,
  awaitLauncher: FLAG,
};

/** keyvalue-runner: the KeyValue pattern, in memory. */
export class KeyvalueGroup extends TaskGroup {
  /** The name under which Consul knows it. */
  static readonly SERVICE = "keyvalue-runner";

  constructor(props: KeyvalueGroupProps = {}) {
    checkProps(props, "KeyvalueGroup", KINDS);
    const program = props.program ?? Program.binary(`${BINARIES}/keyvalue-runner`);
    const mode = props.mode ?? { proxy: "localhost:9090" };
    const inContainer = program.origin === "image";
    const usual = inContainer
      ? undefined
      : Check.script({
          command: "/bin/sh",
          args: ["-c", "exit 0"],
          interval: Duration.seconds(30),
          timeout: Duration.seconds(5),
        });
    const check = props.check ?? usual;
    const main = new Task({
      name: "keyvalue-runner",
      driver: program.driver([...flags(mode), ...(props.args ?? [])]),
      env: props.env,
      meta: originMeta(program),
      templates: [...configTemplates(props.configPrefix), ...modeTemplates(mode)],
      resources: props.resources ?? new Resources({ cpu: Cpu.mhz(500), memory: Memory.mebibytes(256) }),
      services: [new Service({ name: KeyvalueGroup.SERVICE, ...CHANNEL, checks: check && [check] })],
      logs: props.logs ?? LOGS,
    });
    super({
      name: "keyvalue",
      count: props.count ?? 1,
      networks: inContainer ? undefined : [Network.host()],
      restart: props.restart ?? RESTART,
      update: props.update,
      tasks: props.awaitLauncher === false ? [main] : [awaitService(LauncherGroup.SERVICE, program), main],
    });
  }
}

const CONFIG = "keyvalue.yaml";

function flags(mode: KeyvalueMode): string[] {
  return "proxy" in mode ? [`--proxy-addr=${mode.proxy}`] : [`--config=\${NOMAD_TASK_DIR}/${CONFIG}`];
}

function modeTemplates(mode: KeyvalueMode): Template[] {
  if ("proxy" in mode) return [];
  const data = [
    `namespaces:`,
    `  - name: ${JSON.stringify(mode.namespace)}`,
    `    pattern: keyvalue`,
    `    pattern_version: 0.1.0`,
    `    backend: memstore`,
    `    backend_config: {}`,
    ``,
  ].join("\n");
  return [Template.file(`local/${CONFIG}`, data)];
}
