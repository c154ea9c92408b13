import { anyMap, block, blockOf, blocks, text, textMap, type PropsOf } from "../../engine";
import { duration } from "../../units";
import { Identity } from "../identity";
import { LogConfig } from "../log-config";
import { Resources } from "../resources";
import { VolumeMount } from "../volume";

const fields = {
  /** Its name. @default - "connect-proxy-<service>", of the task that a server adds */
  name: text("Name"),
  /** What runs it. @default - "docker", of the task that a server adds */
  driver: text("Driver"),
  /** The user it runs as. @default - the driver's */
  user: text("User"),
  /** The driver's configuration, merged over Nomad's. @default - Nomad's */
  config: anyMap("Config"),
  /** Environment variables. @default - none */
  env: textMap("Env"),
  /** What it needs to run. @default - 100 MHz and 300 MiB; of the task that a server adds without this block, 250 MHz and 128 MiB */
  resources: block("Resources", () => Resources, { filledIn: true }),
  /** Metadata. @default - none */
  meta: textMap("Meta"),
  /** How long it has to end after the signal before it is killed. @default Duration.seconds(5) */
  killTimeout: duration("KillTimeout", { nullable: true, default: 5e9 }),
  /** How its output is kept. @default - 2 files of 2 MiB */
  logs: block("LogConfig", () => LogConfig, { filledIn: true }),
  /** Wait between taking its service out of Consul and ending it. @default - Duration.seconds(5), of the task that a server adds */
  shutdownDelay: duration("ShutdownDelay", { nullable: true }),
  /** The signal that ends it. @default - "SIGTERM", of the task that a server adds */
  killSignal: text("KillSignal"),
  /** Volumes of the group that it sees. @default - none */
  volumeMounts: blocks("VolumeMounts", () => VolumeMount, { hcl: "volume_mount" }),
  /** Workload identities: signed tokens (JWT) by which others know the task. @default - none */
  identities: blocks("Identities", () => Identity, { hcl: "identity", nullElement: "none", since: "1.11" }),
};

/** Properties of {@link SidecarTask}. */
export interface SidecarTaskProps extends PropsOf<typeof fields> {}

/**
 * Changes to the task that runs a mesh proxy or gateway.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/sidecar_task
 */
export class SidecarTask extends blockOf({ api: "SidecarTask", hcl: "sidecar_task" }, fields) {
  constructor(props: SidecarTaskProps = {}) {
    super(props);
  }
}
