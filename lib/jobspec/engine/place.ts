import type { Path, PathStep, Problem } from "../../errors";
import { RULES, type RuleId } from "../catalog";
import type { Fault } from "./fault";
import { holds } from "./versions";

/** A problem that a rule of the catalog found. */
export type JobProblem = Problem<RuleId>;

/** Where the problems of a walk go, and the Nomad that they are about. */
interface Judged {
  readonly found: JobProblem[];
  /** The names for want of which there is a problem. */
  readonly missing: Map<JobProblem, string> | undefined;
  readonly nomadVersion: string | undefined;
}

interface RootOptions {
  /** What the outermost place is called. Default: nothing */
  readonly name?: string;
  readonly nomadVersion?: string;
  /** Is given the name of every problem that is there for want of one. */
  readonly missing?: Map<JobProblem, string>;
}

/** What may have a name among its siblings; asked for it only where a place is written out. */
interface Named {
  readonly blockKey: string | undefined;
}

/**
 * A place inside a job while it is walked: a linked list, because a place is made for every block
 * and written out only where something is wrong.
 */
export class Place {
  private constructor(
    private readonly parent: Place | undefined,
    private readonly segment: string | number,
    /** Whether it is an element of a list or map. */
    private readonly inList: boolean,
    private readonly judged: Judged,
    private readonly named?: Named,
  ) {}

  /**
   * The root of a walk; what is reported below it lands in `found`.
   *
   * @param nomadVersion rules that do not hold for it say nothing; without it all of them hold
   */
  static root(found: JobProblem[], { name = "", nomadVersion, missing }: RootOptions = {}): Place {
    return new Place(undefined, name, false, { found, nomadVersion, missing });
  }

  /** The property of a block: `.resources`. */
  property(name: string): Place {
    return new Place(this, name, false, this.judged);
  }

  /** An element of a list or map: `[admin]` by its name where it has one, else `[0]`. */
  element(key: string | number): Place {
    return new Place(this, key, true, this.judged);
  }

  /** A block in a list: by its name where it has one, else by its index. */
  block(index: number, block: Named): Place {
    return new Place(this, index, true, this.judged, block);
  }

  /** The same place; what is reported there lands elsewhere. */
  aside(found: JobProblem[]): Place {
    return new Place(this.parent, this.segment, this.inList, { ...this.judged, found }, this.named);
  }

  /** Notes something that a Nomad server refuses. */
  error(rule: RuleId, message: string, { missing }: Pick<Fault, "missing"> = {}): void {
    this.report({ rule, message, missing });
  }

  /** Notes something that works, but hardly as meant. */
  warning(rule: RuleId, message: string): void {
    this.report({ rule, message, severity: "warning" });
  }

  /** Whether a rule holds for the Nomad that is judged for. What it would refuse is taken by others, and may be worth a warning. */
  judges(rule: RuleId): boolean {
    const { nomadVersion } = this.judged;
    return nomadVersion === undefined || holds(nomadVersion, RULES[rule]);
  }

  /** The steps from the root to here. */
  path(): Path {
    const before = this.parent?.path() ?? [];
    return this.segment === "" && !this.inList ? before : [...before, this.step()];
  }

  private step(): PathStep {
    const { segment } = this;
    if (typeof segment === "number") {
      const name = this.named?.blockKey;
      return name === undefined ? { index: segment } : { index: segment, name };
    }
    return this.inList ? { key: segment } : segment;
  }

  /** Notes what is wrong with a plain value. */
  report({ rule, message, severity = "error", stopsSynthesis, missing }: Fault): void {
    if (!this.judges(rule)) return;
    const stops = stopsSynthesis === undefined ? {} : { stopsSynthesis };
    const problem: JobProblem = { rule, path: this.path(), message, severity, ...stops };
    this.judged.found.push(problem);
    if (missing !== undefined) this.judged.missing?.set(problem, missing);
  }
}
