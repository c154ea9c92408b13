import { blockOf, oneOf, text, type PropsOf } from "../engine";
import { duration } from "../units";

const fields = {
  /** The plugin's id, by which volumes know it. */
  id: text("ID", { required: true }),
  /** What it does: `node` mounts, `controller` attaches, `monolith` both. */
  type: oneOf("Type", ["node", "controller", "monolith"], { required: true, empty: false }),
  /** Where the task sees the plugin's socket directory. @default "/csi" */
  mountDir: text("MountDir", { default: "/csi" }),
  /** Where the task sees the directory in which volumes are staged and published. @default "/local/csi" */
  stagePublishBaseDir: text("StagePublishBaseDir", { default: "/local/csi" }),
  /** How long it has to become healthy. @default Duration.seconds(30) */
  healthTimeout: duration("HealthTimeout", { lenient: true, default: 30e9 }),
};

/** Properties of {@link CsiPlugin}. */
export interface CsiPluginProps extends PropsOf<typeof fields> {}

/**
 * Says that a task is a plugin for storage.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/csi_plugin
 */
export class CsiPlugin extends blockOf({ api: "TaskCSIPluginConfig", hcl: "csi_plugin", key: "id" }, fields) {
  constructor(props: CsiPluginProps) {
    super(props);
  }
}
