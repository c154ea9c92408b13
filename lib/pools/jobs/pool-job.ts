import { createHash } from "node:crypto";
import { Job, UserError, type JobProps } from "../../jobspec";
import { checkProps, POOL_META, TOKEN_IN_STRING } from "../../jobspec/host";

/** Properties of {@link PoolJob}. */
export interface PoolJobProps extends Omit<JobProps, "id"> {
  /** The pool's name: letters, digits and dashes. */
  readonly pool: string;
}

/** The most letters that the id of a pool's job adds to the pool's name. */
const DIGITS = 8;
/** cdktf's tokens for numbers are below this. */
const LOWEST_REAL_NUMBER = -1e280;

/**
 * The job of a pool. Its id follows from what it is made of: the pool's name and a hash of the job without its id, as it is when it is asked
 * for. So a pool whose job was changed is another job, a new generation, that is brought up beside the old one: nothing that somebody has
 * leased is stopped by a change. The count is part of it. An id that is given by `with({ id })` is kept as it is.
 */
export class PoolJob extends Job {
  constructor(given: PoolJobProps) {
    checkProps(given, "PoolJob");
    const { pool, ...props } = given;
    super({ ...props, id: pool, meta: { ...props.meta, [POOL_META]: pool } });
    deriveId(this);
  }

  /** The pool's name, which stays the same over all generations. */
  get pool(): string {
    return this.meta?.[POOL_META] ?? "";
  }

  /** A copy with some changes. Its id is worked out anew, unless it is one of them, or was given before. */
  protected override copyWith(changes: object): this {
    const isGiven = "id" in changes || Object.getOwnPropertyDescriptor(this, "id")?.get === undefined;
    const copy = super.copyWith(changes);
    return isGiven ? copy : deriveId(copy);
  }
}

/** Makes the id of a job one that is worked out when it is read. */
function deriveId<T extends PoolJob>(job: T): T {
  // Not enumerable, so that copies are made without working it out.
  return Object.defineProperty(job, "id", {
    configurable: true,
    enumerable: false,
    get(this: PoolJob) {
      return `${this.pool}-${generationOf(this)}`;
    },
    set(this: PoolJob, value: string) {
      Object.defineProperty(this, "id", { configurable: true, enumerable: true, writable: true, value });
    },
  });
}

/** The first digits of the hash of a job's template: all of the job but its id. */
function generationOf(job: PoolJob): string {
  const bare = Object.assign(Object.create(Job.prototype) as Job, job, { id: "" });
  const { ID: _, ...template } = bare.toApi().Job;
  const text = JSON.stringify(template, (key, value: unknown) => inOneOrder(key, value));
  return createHash("sha256").update(text).digest("hex").slice(0, DIGITS);
}

/** Maps in the order of their keys. A value that only Terraform will know says nothing about what the job is. */
function inOneOrder(key: string, value: unknown): unknown {
  const isToken =
    (typeof value === "string" && value.search(TOKEN_IN_STRING) >= 0) ||
    (typeof value === "number" && value < LOWEST_REAL_NUMBER);
  if (isToken)
    throw UserError.at(
      "id",
      `the id of a pool's job is made of all that is in it, and ${key || "a value"} is known to Terraform only; write the value itself`,
      "pool/token",
    );
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
