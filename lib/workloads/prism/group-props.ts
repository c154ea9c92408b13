import {
  Duration,
  LogConfig,
  Memory,
  Network,
  Port,
  Restart,
  Template,
  type LogConfigProps,
  type Resources,
  type ResourcesProps,
  type RestartProps,
  type Update,
  type UpdateProps,
} from "../../jobspec";
import { ANYTHING, NUMBER, propKind, TEXT, TEXTS, type PropKinds } from "../../jobspec/host";
import { STAND_IN } from "../../job-parts";
import { Program } from "./program";

/** What may be set of every group of Prism. */
export interface PrismGroupProps {
  /**
   * Where the program comes from.
   *
   * @default - a binary in `${NOMAD_TASK_DIR}/../../binaries`
   */
  readonly program?: Program;
  /**
   * How many allocations run.
   *
   * @default 1
   */
  readonly count?: number;
  /**
   * How a new version takes the place of the old one.
   *
   * @default - as the job says
   */
  readonly update?: Update | UpdateProps;
  /**
   * How the task is restarted.
   *
   * @default - 3 attempts in 1 minute, 10 s apart, then the allocation fails
   */
  readonly restart?: Restart | RestartProps;
  /**
   * What the task needs.
   *
   * @default - see each group
   */
  readonly resources?: Resources | ResourcesProps;
  /**
   * How the output is kept.
   *
   * @default - 5 files of 10 MiB
   */
  readonly logs?: LogConfig | LogConfigProps;
  /**
   * Environment variables.
   *
   * @default - none
   */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Arguments added to the program's own.
   *
   * @default - none
   */
  readonly args?: readonly string[];
  /**
   * The prefix in Consul's KV whose values become `PRISM_<KEY>` in the task's environment.
   *
   * @default - none is read
   */
  readonly configPrefix?: string;
}

/** The kinds of those properties. */
export const GROUP_PROPS: PropKinds<PrismGroupProps> = {
  program: propKind((value) => value instanceof Program, "a Program", 'Program.binary("/usr/bin/prism-admin")'),
  count: NUMBER,
  update: ANYTHING,
  restart: ANYTHING,
  resources: ANYTHING,
  logs: ANYTHING,
  env: ANYTHING,
  args: TEXTS,
  configPrefix: TEXT,
};

/** Where the seed of this stack expects its binaries, seen from a task. */
export const BINARIES = "${NOMAD_TASK_DIR}/../../binaries";

/** Every group restarts its task 3 times a minute before it gives it up. */
export const RESTART = Restart.fail({ attempts: 3, delay: Duration.seconds(10), interval: Duration.minutes(1) });

/** Every task keeps 5 files of 10 MiB. */
export const LOGS = new LogConfig({ maxFiles: 5, maxFileSize: Memory.mebibytes(10) });

/**
 * The template that reads the environment's configuration from Consul's KV.
 *
 * @param prefix without a slash at its end
 */
export function configTemplates(prefix: string | undefined): Template[] {
  if (prefix === undefined) return [];
  const data = `{{ range ls "${prefix}" }}PRISM_{{ .Key | toUpper }}={{ .Value }}\n{{ end }}`;
  return [Template.env("local/config.env", data)];
}

/** Metadata by which a resolver tells canaries from the rest. */
export const CHANNEL = { meta: { channel: "stable" }, canaryMeta: { channel: "canary" } };

/** Metadata that tells a stand-in from a program of Prism. */
export function originMeta(program: Program): Record<string, string> | undefined {
  return program.origin === "stand-in" ? { [STAND_IN]: "true" } : undefined;
}

/**
 * The network of a group: on the node's own for a process, by Docker's mapping for a container.
 *
 * @param ports ports by label
 */
export function networkOf(program: Program, ports: Readonly<Record<string, number>>): Network {
  const inContainer = program.origin === "image";
  const claimed = Object.entries(ports).map(([label, port]) =>
    Port.static(label, port, inContainer ? {} : { to: port }),
  );
  return inContainer ? new Network({ ports: claimed }) : Network.host(...claimed);
}
