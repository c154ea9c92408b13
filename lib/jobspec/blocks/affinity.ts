import { blockOf, int, oneOf, text, type PropsOf } from "../engine";
import { COMPARISONS, SET_OPERATORS } from "./operators";

const OPERATORS = [...COMPARISONS, "regexp", ...SET_OPERATORS, "version", "semver"] as const;

const fields = {
  /**
   * The attribute that is compared, such as `${node.datacenter}`.
   *
   * @default - nothing
   */
  attribute: text("LTarget"),
  /** How it is compared. */
  operator: oneOf("Operand", OPERATORS, { required: true, empty: false }),
  /**
   * What it is compared with.
   *
   * @default - nothing
   */
  value: text("RTarget"),
  /**
   * How much it counts, from -100 (keep away) to 100; never 0.
   *
   * @default 50
   */
  weight: int("Weight", { min: -100, max: 100, nullable: true, default: 50 }),
};

/** Properties of {@link Affinity}. */
export interface AffinityProps extends PropsOf<typeof fields> {}

/**
 * A preference among nodes.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/affinity
 */
export class Affinity extends blockOf({ api: "Affinity", hcl: "affinity" }, fields) {
  constructor(props: AffinityProps) {
    super(props);
  }

  /** Rather on nodes where the attribute has this value. */
  static prefer(attribute: string, value: string, weight = 50): Affinity {
    return new Affinity({ attribute, operator: "=", value, weight });
  }

  /** Rather not on nodes where the attribute has this value. */
  static avoid(attribute: string, value: string, weight = 50): Affinity {
    return new Affinity({ attribute, operator: "=", value, weight: -weight });
  }
}
