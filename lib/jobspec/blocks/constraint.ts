import { blockOf, oneOf, text, type PropsOf } from "../engine";
import { COMPARISONS, SET_OPERATORS } from "./operators";

const OPERATORS = [
  ...COMPARISONS,
  "distinct_hosts",
  "distinct_property",
  "regexp",
  ...SET_OPERATORS,
  "version",
  "semver",
  "is_set",
  "is_not_set",
] as const;

const fields = {
  /**
   * The attribute that is compared, such as `${attr.kernel.name}` or `${meta.rack}`.
   *
   * @default - nothing, for the operators that need none
   */
  attribute: text("LTarget"),
  /** How it is compared. */
  operator: oneOf("Operand", OPERATORS, { required: true, empty: false }),
  /**
   * What it is compared with.
   *
   * @default - nothing, for the operators that need none
   */
  value: text("RTarget"),
};

/** Properties of {@link Constraint}. */
export interface ConstraintProps extends PropsOf<typeof fields> {}

/**
 * A condition that a node must meet.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/constraint
 */
export class Constraint extends blockOf({ api: "Constraint", hcl: "constraint" }, fields) {
  constructor(props: ConstraintProps) {
    super(props);
  }

  /** The attribute has this value. */
  static equals(attribute: string, value: string): Constraint {
    return new Constraint({ attribute, operator: "=", value });
  }

  /** The attribute has another value. */
  static differs(attribute: string, value: string): Constraint {
    return new Constraint({ attribute, operator: "!=", value });
  }

  /** The attribute is greater than this: of numbers as numbers, else as texts. */
  static moreThan(attribute: string, value: string | number): Constraint {
    return new Constraint({ attribute, operator: ">", value: String(value) });
  }

  /** The attribute is this or greater, such as `Constraint.atLeast("${attr.cpu.numcores}", 8)`: of numbers as numbers, else as texts. */
  static atLeast(attribute: string, value: string | number): Constraint {
    return new Constraint({ attribute, operator: ">=", value: String(value) });
  }

  /** The attribute is less than this: of numbers as numbers, else as texts. */
  static lessThan(attribute: string, value: string | number): Constraint {
    return new Constraint({ attribute, operator: "<", value: String(value) });
  }

  /** The attribute is this or less: of numbers as numbers, else as texts. */
  static atMost(attribute: string, value: string | number): Constraint {
    return new Constraint({ attribute, operator: "<=", value: String(value) });
  }

  /** The attribute matches a regular expression (Go's RE2). */
  static matches(attribute: string, expression: string): Constraint {
    return new Constraint({ attribute, operator: "regexp", value: expression });
  }

  /** The attribute is a version that fits, such as `>= 1.2, < 2`. */
  static version(attribute: string, requirement: string): Constraint {
    return new Constraint({ attribute, operator: "version", value: requirement });
  }

  /**
   * The attribute is a version by the rules of Semantic Versioning that fits, such as `>= 1.2.0`: `1.3.0-beta1` is one, and fits `>= 1.2.0`, which it does
   * not with {@link Constraint.version}.
   */
  static semver(attribute: string, requirement: string): Constraint {
    return new Constraint({ attribute, operator: "semver", value: requirement });
  }

  /** The attribute is a list with commas, such as `ssd,encrypted`, and has all of these. */
  static containsAll(attribute: string, ...values: readonly [string, ...string[]]): Constraint {
    return new Constraint({ attribute, operator: "set_contains_all", value: values.join(",") });
  }

  /** The attribute is a list with commas, such as `ssd,encrypted`, and has one of these at least. */
  static containsAny(attribute: string, ...values: readonly [string, ...string[]]): Constraint {
    return new Constraint({ attribute, operator: "set_contains_any", value: values.join(",") });
  }

  /** The attribute is there. */
  static isSet(attribute: string): Constraint {
    return new Constraint({ attribute, operator: "is_set" });
  }

  /** The attribute is not there. */
  static isNotSet(attribute: string): Constraint {
    return new Constraint({ attribute, operator: "is_not_set" });
  }

  /** No two allocations of the job, or of the group, on one node. */
  static distinctHosts(): Constraint {
    return new Constraint({ operator: "distinct_hosts", value: "true" });
  }

  /** At most so many allocations per value of the attribute. */
  static distinctProperty(attribute: string, limit = 1): Constraint {
    return new Constraint({ attribute, operator: "distinct_property", value: String(limit) });
  }
}
