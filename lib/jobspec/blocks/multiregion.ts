import { blockOf, block, blocks, int, oneOf, text, textMap, texts, type PropsOf } from "../engine";

const strategyFields = {
  /**
   * Regions that are deployed at a time; 0 deploys all at once.
   *
   * @default 0
   */
  maxParallel: int("MaxParallel", { min: 0, nullable: true }),
  /**
   * What a region that fails does to the others: `fail_all` fails them too, `fail_local` only itself; by
   * default regions that are not deployed yet are left as they are.
   *
   * @default - the failed region and those still waiting
   */
  onFailure: oneOf("OnFailure", ["fail_all", "fail_local"], { nullable: true }),
};

/** Properties of {@link MultiregionStrategy}. */
export interface MultiregionStrategyProps extends PropsOf<typeof strategyFields> {}

/**
 * In which order and how many at a time regions are deployed.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/multiregion
 */
export class MultiregionStrategy extends blockOf({ api: "MultiregionStrategy", hcl: "strategy" }, strategyFields) {
  constructor(props: MultiregionStrategyProps = {}) {
    super(props);
  }
}

const regionFields = {
  /** The region's name. */
  name: text("Name", { required: true, nonEmpty: true, hcl: "" }),
  /**
   * Allocations of each group whose own count is 0.
   *
   * @default - the group's count
   */
  count: int("Count", { min: 0, nullable: true }),
  /**
   * The region's datacenters.
   *
   * @default - the job's
   */
  datacenters: texts("Datacenters"),
  /**
   * The region's node pool.
   *
   * @default - the job's
   */
  nodePool: text("NodePool"),
  /**
   * Metadata merged over the job's.
   *
   * @default - none
   */
  meta: textMap("Meta"),
};

/** Properties of {@link MultiregionRegion}. */
export interface MultiregionRegionProps extends PropsOf<typeof regionFields> {}

/**
 * One region of a multiregion job.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/multiregion
 */
export class MultiregionRegion extends blockOf({ api: "MultiregionRegion", hcl: "region", key: "name" }, regionFields) {
  constructor(props: MultiregionRegionProps) {
    super(props);
  }
}

const fields = {
  /**
   * The order and parallelism of the regions.
   *
   * @default - all at once
   */
  strategy: block("Strategy", () => MultiregionStrategy),
  /** The regions, in the order in which they are deployed. */
  regions: blocks("Regions", () => MultiregionRegion, {
    required: true,
    hcl: "region",
    lenient: true,
    enterprise: true,
  }),
};

/** Properties of {@link Multiregion}. */
export interface MultiregionProps extends PropsOf<typeof fields> {}

/**
 * A job in several regions. The block itself is for Nomad Enterprise; the constructs of this library render it
 * as one job per region where the cluster is open source.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/multiregion
 */
export class Multiregion extends blockOf({ api: "Multiregion", hcl: "multiregion" }, fields) {
  constructor(props: MultiregionProps) {
    super(props);
  }
}
