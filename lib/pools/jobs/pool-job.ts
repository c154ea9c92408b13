import { mistake, UserError } from "../../errors";
import { createHash } from "node:crypto";
import { Job, type ApiObject, type JobProps } from "../../jobspec";
import { checkProps, isKnown, POOL_META, type CheckContext, type Place } from "../../jobspec/host";

/** Properties of {@link PoolJob}. */
export interface PoolJobProps extends Omit<JobProps, "id"> {
  /** The pool's name: letters, digits and dashes. */
  readonly pool: string;
  /**
   * The job's id, where it shall not follow from what the job is made of.
   *
   * @default - the pool's name with a hash of the job
   */
  readonly id?: string;
}

/** The most letters that the id of a pool's job adds to the pool's name. */
const DIGITS = 8;

/** Something that only Terraform knows is in what the id of a pool's job is made of. */
class UnknownGeneration extends UserError {
  constructor(readonly why: string) {
    super([mistake("id", why, "pool/token")]);
    this.quietly("why");
  }
}

/**
 * The job of a pool. Its id follows from what it is made of: the pool's name and a hash of the job without its id, as it is when it is asked
 * for. So a pool whose job was changed is another job, a new generation, that is brought up beside the old one: nothing that somebody has
 * leased is stopped by a change. The count is part of it. An id that is given by `with({ id })` is kept as it is.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/job
 */
export class PoolJob extends Job {
  static {
    // A property of the model, which TypeScript lets no accessor take the place of.
    Object.defineProperty(this.prototype, "id", {
      configurable: true,
      enumerable: true,
      get(this: PoolJob) {
        return this.read("id");
      },
    });
  }

  /** Whether somebody gave it its id. */
  private readonly named: boolean;

  constructor(given: PoolJobProps) {
    checkProps(given, "PoolJob");
    const { pool, id, ...props } = given;
    super({ ...props, id: id ?? pool, meta: { ...props.meta, [POOL_META]: pool } });
    this.named = id !== undefined;
  }

  /** The pool's name, which stays the same over all generations. */
  get pool(): string {
    return this.meta?.[POOL_META] ?? "";
  }

  override toApi(): { readonly Job: ApiObject } {
    const { Job: job } = super.toApi();
    return { Job: { ...job, ID: this.named ? job.ID : this.generation(job) } };
  }

  /** @internal */
  override checkBlock(at: Place, context: CheckContext): void {
    super.checkBlock(at, context);
    try {
      if (!this.named) this.generation(super.toApi().Job);
    } catch (error) {
      if (error instanceof UnknownGeneration) at.property("id").error("pool/token", error.why);
      // What else has no JSON was reported where it stands.
      else if (!(error instanceof UserError)) throw error;
    }
  }

  /** A copy with some changes. Its id is worked out anew, unless it is one of them, or was given before. */
  protected override copyWith(changes: object): this {
    const copy = super.copyWith(changes);
    return "id" in changes ? Object.assign(copy, { named: true }) : copy;
  }

  /** Its id is worked out when it is asked for, so that a value that only Terraform knows is refused where it is rendered. */
  protected override read(name: string): unknown {
    return name === "id" && !this.named ? this.generation(super.toApi().Job) : super.read(name);
  }

  /** The pool's name with the first digits of the hash of the job's template: all of the job but its id. */
  private generation({ ID: _, ...template }: ApiObject): string {
    const text = JSON.stringify(template, inOneOrder);
    return `${this.pool}-${createHash("sha256").update(text).digest("hex").slice(0, DIGITS)}`;
  }
}

/** Maps in the order of their keys. A value that only Terraform will know says nothing about what the job is. */
function inOneOrder(this: unknown, key: string, value: unknown): unknown {
  // What JSON.stringify gives of a token in its object shape is a text like any other.
  const written: unknown = (this as Readonly<Record<string, unknown>>)[key];
  if (![key, written].every(isKnown))
    throw new UnknownGeneration(
      `the id of a pool's job is made of all that is in it, and ${isKnown(key) && key ? key : "a value"} is known to Terraform only; write the value itself`,
    );
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
