import { blockOf, blocks, int, text, type PropsOf } from "../engine";

const targetFields = {
  /** A value of the attribute. */
  value: text("Value", { required: true, hcl: "", lenient: true }),
  /**
   * The share of allocations that it should get, in percent.
   *
   * @default - what the other targets leave
   */
  percent: int("Percent", { min: 0, max: 100 }),
};

/** Properties of {@link SpreadTarget}. */
export interface SpreadTargetProps extends PropsOf<typeof targetFields> {}

/**
 * The share that one value of an attribute should get.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/spread
 */
export class SpreadTarget extends blockOf({ api: "SpreadTarget", hcl: "target", key: "value" }, targetFields) {
  constructor(props: SpreadTargetProps) {
    super(props);
  }
}

const fields = {
  /** What allocations are spread over, such as `${node.datacenter}`. */
  attribute: text("Attribute", { required: true }),
  /**
   * How much it counts, from 1 to 100.
   *
   * @default 50
   */
  weight: int("Weight", { min: 1, max: 100, nullable: true, default: 50 }),
  /**
   * Shares per value.
   *
   * @default - evenly
   */
  targets: blocks("SpreadTarget", () => SpreadTarget, { hcl: "target" }),
};

/** Properties of {@link Spread}. */
export interface SpreadProps extends PropsOf<typeof fields> {}

/**
 * Spreads allocations over the values of an attribute.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/spread
 */
export class Spread extends blockOf({ api: "Spread", hcl: "spread" }, fields) {
  constructor(props: SpreadProps) {
    super(props);
  }
}
