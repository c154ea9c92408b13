import { block, blockOf, blocks, bool, int, oneOf, text, textMap, texts, type PropsOf } from "../engine";
import { Affinity } from "./affinity";
import { Constraint } from "./constraint";
import { Migrate } from "./migrate";
import { Multiregion } from "./multiregion";
import { Parameterized } from "./parameterized";
import { Periodic } from "./periodic";
import { Reschedule } from "./reschedule";
import { Spread } from "./spread";
import { TaskGroup } from "./task-group";
import { Ui } from "./ui";
import { Update } from "./update";
import { VersionTag } from "./version-tag";

const fields = {
  /** Its id, unique in its namespace; no spaces. */
  id: text("ID", { required: true, hcl: "", nullable: true }),
  /**
   * Its name for people.
   *
   * @default - its id
   */
  name: text("Name", { nullable: true }),
  /**
   * How it is scheduled: `service` runs on, `batch` to its end, `system` and `sysbatch` on every node.
   *
   * @default "service"
   */
  type: oneOf("Type", ["service", "batch", "system", "sysbatch"], { empty: false, nullable: true, default: "service" }),
  /**
   * The region that it runs in.
   *
   * @default - the cluster's own
   */
  region: text("Region", { nullable: true, default: "global" }),
  /**
   * Its namespace.
   *
   * @default "default"
   */
  namespace: text("Namespace", { nullable: true, default: "default" }),
  /**
   * Datacenters it may run in; globs such as `dc*` are taken.
   *
   * @default ["*"]
   */
  datacenters: texts("Datacenters", { default: ["*"] }),
  /**
   * The node pool it runs in.
   *
   * @default "default"
   */
  nodePool: text("NodePool", { nullable: true, default: "default" }),
  /**
   * Its rank where nodes are full, 1 to 100.
   *
   * @default 50
   */
  priority: int("Priority", { nullable: true, default: 50 }),
  /**
   * Whether all its groups are placed, or none.
   *
   * @default false
   */
  allAtOnce: bool("AllAtOnce", { nullable: true, default: false }),
  /**
   * The groups that it is made of.
   *
   * @default - none; withGroup() gives a job with one more
   */
  groups: blocks("TaskGroups", () => TaskGroup, { hcl: "group" }),
  /**
   * How a new version takes the place of the old one, for groups without an `update` of their own.
   *
   * @default - one allocation at a time
   */
  update: block("Update", () => Update),
  /**
   * The regions that it is rolled out to.
   *
   * @default - one region
   */
  multiregion: block("Multiregion", () => Multiregion),
  /**
   * How failed allocations are moved, for groups without a `reschedule` of their own.
   *
   * @default - Nomad's for the job's type
   */
  reschedule: block("Reschedule", () => Reschedule),
  /**
   * How allocations leave a drained node, for groups without a `migrate` of their own.
   *
   * @default - one at a time
   */
  migrate: block("Migrate", () => Migrate),
  /**
   * Launches a batch job by the clock.
   *
   * @default - launched once, when it is registered
   */
  periodic: block("Periodic", () => Periodic),
  /**
   * Makes it a template that is dispatched.
   *
   * @default - it runs as it is
   */
  parameterized: block("ParameterizedJob", () => Parameterized),
  /**
   * Conditions that its nodes must meet.
   *
   * @default - none
   */
  constraints: blocks("Constraints", () => Constraint, { hcl: "constraint" }),
  /**
   * Preferences among nodes.
   *
   * @default - none
   */
  affinities: blocks("Affinities", () => Affinity, { hcl: "affinity" }),
  /**
   * What its allocations are spread over.
   *
   * @default - nothing
   */
  spreads: blocks("Spreads", () => Spread, { hcl: "spread" }),
  /**
   * Metadata, readable as `NOMAD_META_<key>`.
   *
   * @default - none
   */
  meta: textMap("Meta", { assigned: "possible" }),
  /**
   * What the web UI shows on its page.
   *
   * @default - nothing
   */
  ui: block("UI", () => Ui, { hcl: "ui" }),
  /**
   * The name of this version, as a server gives it.
   *
   * @default - none
   */
  versionTag: block("VersionTag", () => VersionTag, { hcl: "", since: "1.9" }),
  /**
   * Whether it is stopped.
   *
   * @default false
   */
  stop: bool("Stop", { hcl: "", nullable: true }),
};

/** What only a server sets. */
const serverOnly = {
  ParentID: "text",
  Dispatched: "bool",
  DispatchIdempotencyToken: "text",
  Payload: "text",
  ConsulNamespace: "text",
  ConsulToken: "any",
  VaultNamespace: "text",
  VaultToken: "any",
  NomadTokenID: "text",
  Status: "text",
  StatusDescription: "text",
  Stable: "bool",
  Version: "index",
  SubmitTime: "int",
  CreateIndex: "index",
  ModifyIndex: "index",
  JobModifyIndex: "index",
} as const;

/** Properties of a Job. */
export interface JobProps extends PropsOf<typeof fields> {}

/** The definition of a job. What can be asked of one stands in the class {@link Job} made of it. */
export abstract class JobBlock extends blockOf({ api: "Job", hcl: "job", key: "id", serverOnly }, fields) {}
