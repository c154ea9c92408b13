import {
  block,
  blockOf,
  blocks,
  bool,
  int,
  oneOf,
  text,
  textMap,
  texts,
  type PropsOf,
  type Resolvable,
} from "../engine";
import { Check, type CheckProps } from "./check";
import { CheckRestart } from "./check-restart";
import { Identity } from "./identity";
import { mergeNew } from "./merge";
import { Connect } from "./mesh";

const weightsFields = {
  /**
   * Weight while passing.
   *
   * @default - 1, as Consul takes it
   */
  passing: int("Passing", { min: 0, lenient: true }),
  /**
   * Weight while warning.
   *
   * @default - 1, as Consul takes it
   */
  warning: int("Warning", { min: 0, lenient: true }),
};

/** Properties of {@link ServiceWeights}. */
export interface ServiceWeightsProps extends PropsOf<typeof weightsFields> {}

/**
 * Weights of a service in DNS answers.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/service
 */
export class ServiceWeights extends blockOf({ api: "ServiceWeights", hcl: "weights" }, weightsFields) {
  constructor(props: ServiceWeightsProps = {}) {
    super(props);
  }
}

const fields = {
  /**
   * The name under which it is found: letters, digits and dashes, 63 at most.
   *
   * @default - "${JOB}-${TASKGROUP}-${TASK}", filled in by the server
   */
  name: text("Name"),
  /**
   * The label of its port, or a number where `addressMode` is `driver`.
   *
   * @default - none
   */
  port: text("PortLabel"),
  /**
   * Who keeps it: Consul, or Nomad's own registry (which knows http and tcp checks only).
   *
   * @default "consul"
   */
  provider: oneOf("Provider", ["consul", "nomad"], { default: "consul" }),
  /**
   * Its health checks.
   *
   * @default - none: it counts as healthy
   */
  checks: blocks("Checks", () => Check, { hcl: "check", nullElement: "empty" }),
  /**
   * Tags.
   *
   * @default - none
   */
  tags: texts("Tags"),
  /**
   * Tags of its canaries, instead of `tags`.
   *
   * @default - the same as tags
   */
  canaryTags: texts("CanaryTags"),
  /**
   * Metadata.
   *
   * @default - none
   */
  meta: textMap("Meta"),
  /**
   * Metadata of its canaries, instead of `meta`.
   *
   * @default - the same as meta
   */
  canaryMeta: textMap("CanaryMeta"),
  /**
   * Restarts the task when a check keeps failing; for every check without a `checkRestart` of its own.
   *
   * @default - never
   */
  checkRestart: block("CheckRestart", () => CheckRestart),
  /**
   * Which address is told.
   *
   * @default "auto"
   */
  addressMode: oneOf("AddressMode", ["auto", "host", "driver", "alloc", "alloc_ipv6"], { default: "auto" }),
  /**
   * An address to tell instead; only with `addressMode` `auto`.
   *
   * @default - found by addressMode
   */
  address: text("Address"),
  /**
   * Further addresses by name.
   *
   * @default - none
   */
  taggedAddresses: textMap("TaggedAddresses"),
  /**
   * Brings it into Consul's service mesh.
   *
   * @default - not in the mesh
   */
  connect: block("Connect", () => Connect),
  /**
   * The task that a group's service belongs to.
   *
   * @default - none
   */
  task: text("TaskName"),
  /**
   * What failing checks mean to a deployment.
   *
   * @default "require_healthy"
   */
  onUpdate: oneOf("OnUpdate", ["require_healthy", "ignore_warnings", "ignore"], { default: "require_healthy" }),
  /**
   * Whether tags may be changed from outside.
   *
   * @default false
   */
  enableTagOverride: bool("EnableTagOverride"),
  /**
   * The identity with which it is registered.
   *
   * @default - the agent's
   */
  identity: block("Identity", () => Identity),
  /**
   * Weights in DNS answers.
   *
   * @default - 1 and 1
   */
  weights: block("Weights", () => ServiceWeights, { since: "1.10" }),
  /**
   * The Consul cluster, for Nomad Enterprise.
   *
   * @default "default"
   */
  cluster: text("Cluster", { default: "default" }),
  /**
   * Kind of a Consul gateway.
   *
   * @default - a typical service
   */
  kind: text("Kind", { since: "1.11" }),
};

/** Properties of {@link Service}. */
export interface ServiceProps extends PropsOf<typeof fields> {}

/**
 * A service that others find by its name.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/service
 */
export class Service extends blockOf(
  { api: "Service", hcl: "service", key: "name", serverOnly: { Namespace: "any" } },
  fields,
) {
  constructor(props: ServiceProps = {}) {
    super(props);
  }

  /** The same service with one more health check. */
  withCheck(check: Check | CheckProps): this;
  /** The same service with the health check of this name changed. */
  withCheck(name: string, change: (check: Check) => Check): this;
  withCheck(check: Check | CheckProps | string, change?: (check: Check) => Check): this {
    return this.copyWithOne("checks", check, change);
  }

  /** The same service with more tags; those that it has already stay as they are. */
  withTags(...tags: readonly string[]): this {
    const held = this.tags ?? [];
    return this.copyWith({ tags: [...held, ...tags.filter((tag) => !held.includes(tag))] });
  }

  /**
   * The same service with more metadata.
   *
   * @throws UserError where a key is there already, with another value
   */
  withMeta(meta: Readonly<Record<string, string | Resolvable>>): this {
    return this.copyWith({ meta: mergeNew("meta", this.meta, meta) });
  }
}
