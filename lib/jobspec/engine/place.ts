import type { Fault, Problem } from "./problem";

/** What may have a name among its siblings; asked for it only where a place is written out. */
interface Named {
  readonly blockKey: string | undefined;
}

/** Problems that were found, and where somebody asks for them, the places of each with numbers for all names. */
export type Found = Problem[] & { readonly positions?: string[] };

/** What stands before each step of a position. */
export const STEP = "\0";

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
    private readonly found: Found,
    private readonly named?: Named,
  ) {}

  /** The root of a walk; what is reported below it lands in `found`. */
  static root(found: Found, name = ""): Place {
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

  /** The place in words, `groups[admin].tasks[web].services[0]`. */
  toString(): string {
    const before = this.parent?.toString() ?? "";
    if (this.inList) return `${before}[${this.named?.blockKey ?? this.segment}]`;
    return before === "" ? String(this.segment) : `${before}.${this.segment}`;
  }

  /** The place with the index of a block in place of its name: names may be known only at deploy time. */
  private position(): string {
    return `${this.parent?.position() ?? ""}${STEP}${this.segment}`;
  }

  /** Notes what is wrong with a plain value. */
  report({ rule, message, severity = "error", stopsSynthesis }: Fault): void {
    const stops = stopsSynthesis === undefined ? {} : { stopsSynthesis };
    this.found.push({ rule, path: this.toString(), message, severity, ...stops });
    this.found.positions?.push(this.position());
  }
}
