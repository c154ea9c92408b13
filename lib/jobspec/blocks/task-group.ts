import { block, blockMap, blockOf, blocks, bool, int, text, textMap, type PropsOf, type Resolvable } from "../engine";
import { duration } from "../units";
import { Affinity, type AffinityProps } from "./affinity";
import { Constraint, type ConstraintProps } from "./constraint";
import { Consul } from "./consul";
import { Disconnect } from "./disconnect";
import { EphemeralDisk } from "./ephemeral-disk";
import { mergeNew } from "./merge";
import { Migrate } from "./migrate";
import { Network, type NetworkProps } from "./network";
import { Reschedule } from "./reschedule";
import { Restart } from "./restart";
import { Scaling } from "./scaling";
import { Service, type ServiceProps } from "./service";
import { Spread, type SpreadProps } from "./spread";
import { Task, type TaskProps } from "./task";
import { Update } from "./update";
import { VolumeRequest, type VolumeRequestProps } from "./volume";

const fields = {
  /** Its name, unique in its job. */
  name: text("Name", { required: true, hcl: "", nullable: true }),
  /**
   * How many allocations of it run.
   *
   * @default 1
   */
  count: int("Count", { min: 0, nullable: true, default: 1 }),
  /**
   * The network that its tasks share.
   *
   * @default - the node's, without ports
   */
  networks: blocks("Networks", () => Network, { hcl: "network" }),
  /**
   * The tasks that run together on one node.
   *
   * @default - none; withTask() gives a group with one more
   */
  tasks: blocks("Tasks", () => Task, { hcl: "task" }),
  /**
   * Services that the group as a whole offers.
   *
   * @default - none
   */
  services: blocks("Services", () => Service, { hcl: "service" }),
  /**
   * Volumes that its tasks may mount.
   *
   * @default - none
   */
  volumes: blockMap("Volumes", () => VolumeRequest, { hcl: "volume", nullElement: "none" }),
  /**
   * How its tasks are restarted on their node.
   *
   * @default - Nomad's for the job's type
   */
  restart: block("RestartPolicy", () => Restart, { filledIn: true }),
  /**
   * How a failed allocation is moved to another node.
   *
   * @default - the job's, else Nomad's for the job's type
   */
  reschedule: block("ReschedulePolicy", () => Reschedule, { filledIn: true }),
  /**
   * How a new version takes the place of the old one.
   *
   * @default - the job's
   */
  update: block("Update", () => Update, { filledIn: ["service", "system"] }),
  /**
   * How allocations leave a drained node.
   *
   * @default - the job's
   */
  migrate: block("Migrate", () => Migrate, { filledIn: ["service"] }),
  /**
   * What becomes of allocations on a node that lost its connection.
   *
   * @default - they are lost and replaced
   */
  disconnect: block("Disconnect", () => Disconnect),
  /**
   * The disk that its tasks share.
   *
   * @default - 300 MiB
   */
  ephemeralDisk: block("EphemeralDisk", () => EphemeralDisk, { filledIn: true }),
  /**
   * Conditions that its node must meet.
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
   * Which Consul its services and templates talk to.
   *
   * @default - the agent's
   */
  consul: block("Consul", () => Consul),
  /**
   * Metadata, readable as `NOMAD_META_<key>`.
   *
   * @default - none
   */
  meta: textMap("Meta", { assigned: "possible" }),
  /**
   * Limits within which its count may be changed.
   *
   * @default - none
   */
  scaling: block("Scaling", () => Scaling),
  /**
   * Wait between taking its services out of Consul and ending its tasks.
   *
   * @default - none
   */
  shutdownDelay: duration("ShutdownDelay", { nullable: true }),
  /**
   * How long an allocation may run.
   *
   * @default - without end
   */
  maxRunDuration: duration("MaxRunDuration", { since: "2.0", lenient: true, nullable: true }),
  /**
   * The older spelling of `disconnect.stopOnClientAfter`.
   *
   * @default - none
   */
  stopAfterClientDisconnect: duration("StopAfterClientDisconnect", {
    negative: true,
    until: "1.10",
    deprecated: "disconnect.stopOnClientAfter",
    nullable: true,
  }),
  /**
   * The older spelling of `disconnect.lostAfter`.
   *
   * @default - none
   */
  maxClientDisconnect: duration("MaxClientDisconnect", {
    negative: true,
    until: "1.10",
    deprecated: "disconnect.lostAfter",
    nullable: true,
  }),
  /**
   * The older spelling of `disconnect.replace: false`.
   *
   * @default false
   */
  preventRescheduleOnLost: bool("PreventRescheduleOnLost", {
    until: "1.10",
    deprecated: "disconnect.replace",
    nullable: true,
  }),
};

/** Properties of {@link TaskGroup}. */
export interface TaskGroupProps extends PropsOf<typeof fields> {}

/**
 * Tasks that are placed together on one node, with their network and disk. Its name in HCL is `group`.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/group
 */
export class TaskGroup extends blockOf({ api: "TaskGroup", hcl: "group", key: "name" }, fields) {
  constructor(props: TaskGroupProps) {
    super(props);
  }

  /** The same group with one more task that runs beside the others. */
  withTask(task: Task | TaskProps): this;
  /** The same group with the task of this name changed. */
  withTask(name: string, change: (task: Task) => Task): this;
  withTask(task: Task | TaskProps | string, change?: (task: Task) => Task): this {
    return this.copyWithOne("tasks", task, change);
  }

  /** The same group with every task changed. */
  withEachTask(change: (task: Task) => Task): this {
    return this.copyWithEach("tasks", change);
  }

  /** The task of this name, if there is one. */
  task(name: string): Task | undefined {
    return this.tasks?.find((task) => task.name === name);
  }

  /** The service of this name that the group as a whole offers, if there is one. */
  service(name: string): Service | undefined {
    return this.services?.find((service) => service.name === name);
  }

  /** The same group with one more service of the group as a whole. */
  withService(service: Service | ServiceProps): this;
  /** The same group with the service of this name changed. */
  withService(name: string, change: (service: Service) => Service): this;
  withService(service: Service | ServiceProps | string, change?: (service: Service) => Service): this {
    return this.copyWithOne("services", service, change);
  }

  /** The same group with one more network. */
  withNetwork(network: Network | NetworkProps): this {
    return this.copyWithOne("networks", network);
  }

  /** The same group with one more volume that its tasks may mount. */
  withVolume(volume: VolumeRequest | VolumeRequestProps): this;
  /** The same group with the volume of this name changed. */
  withVolume(name: string, change: (volume: VolumeRequest) => VolumeRequest): this;
  withVolume(
    volume: VolumeRequest | VolumeRequestProps | string,
    change?: (volume: VolumeRequest) => VolumeRequest,
  ): this {
    return this.copyWithOne("volumes", volume, change);
  }

  /** The same group with one more condition that its node must meet. */
  withConstraint(constraint: Constraint | ConstraintProps): this {
    return this.copyWithOne("constraints", constraint);
  }

  /** The same group with one more preference among nodes. */
  withAffinity(affinity: Affinity | AffinityProps): this {
    return this.copyWithOne("affinities", affinity);
  }

  /** The same group with something more that its allocations are spread over. */
  withSpread(spread: Spread | SpreadProps): this {
    return this.copyWithOne("spreads", spread);
  }

  /**
   * The same group with more metadata.
   *
   * @throws UserError where a key is there already, with another value
   */
  withMeta(meta: Readonly<Record<string, string | Resolvable>>): this {
    return this.copyWith({ meta: mergeNew("meta", this.meta, meta) });
  }
}
