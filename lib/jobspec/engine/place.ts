import type { Path, PathStep, Problem } from "../../errors";
import type { Fault } from "./fault";

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
    private readonly found: Problem[],
    private readonly named?: Named,
  ) {}

  /** The root of a walk; what is reported below it lands in `found`. */
  static root(found: Problem[], name = ""): Place {
    return new Place(undefined, name, false, found);
  }

  /** The property of a block: `.resources`. */
  property(name: string): Place {
    return new Place(this, name, false, this.found);
  }

  /** An element of a list or map: `[admin]` by its name where it has one, else `[0]`. */
  element(key: string | number): Place {
    return new Place(this, key, true, this.found);
  }

  /** A block in a list: by its name where it has one, else by its index. */
  block(index: number, block: Named): Place {
    return new Place(this, index, true, this.found, block);
  }

  /** Notes something that a Nomad server refuses. */
  error(rule: string, message: string): void {
    this.report({ rule, message });
  }

  /** Notes something that works, but hardly as meant. */
  warning(rule: string, message: string): void {
    this.report({ rule, message, severity: "warning" });
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
  report({ rule, message, severity = "error", stopsSynthesis }: Fault): void {
    const stops = stopsSynthesis === undefined ? {} : { stopsSynthesis };
    this.found.push({ rule, path: this.path(), message, severity, ...stops });
  }
}
