import { createHash } from "node:crypto";
import { UserError } from "../../errors";

/** Characters that a name may have before anybody asks what it is. */
const LONGEST_NAME = 1024;
/** Nomad takes paths of 128 characters; with all that stands between them these make 124. */
const LONGEST = { pool: 40, slot: 64, manager: 24 };

/** Keys that are made for every claim are made once. */
const REMEMBERED = 10_000;

/** Keys of the objects of one pool. Whatever a pool, a slot or a manager is called, its keys lie under the pool's prefix. */
export class PoolKeys {
  /** What all keys of the pool begin with. */
  readonly prefix: string;
  readonly #slots = new Map<string, string>();

  constructor(readonly pool: string) {
    this.prefix = `pools/${stepOf("pool", pool)}/`;
  }

  slot(slot: string): string {
    const known = this.#slots.get(slot);
    if (known !== undefined) return known;
    const key = `${this.prefix}slots/${stepOf("slot", slot)}`;
    if (this.#slots.size >= REMEMBERED) this.#slots.clear();
    this.#slots.set(slot, key);
    return key;
  }

  ticket(manager: string, number: number): string {
    return `${this.prefix}queue/${manager}-${number.toString(36).padStart(8, "0")}`;
  }

  manager(id: string): string {
    return `${this.prefix}managers/${id}`;
  }

  /** What a key is of: `slots`, `queue`, `managers`, or something that does not belong here. */
  kindOf(key: string): string {
    const end = key.indexOf("/", this.prefix.length);
    return end < 0 ? key.slice(this.prefix.length) : key.slice(this.prefix.length, end);
  }

  /** The last step of a key. */
  lastOf(key: string): string {
    return key.slice(key.lastIndexOf("/") + 1);
  }
}

/** The key of an object of a pool beside its leases, such as `maintenance`; not `slots`, `queue` or `managers`. */
export function poolKey(pool: string, name: string): string {
  return `${new PoolKeys(pool).prefix}${name}`;
}

/**
 * A name as one step of a key that Consul and Nomad take: letters, digits and `-` as they are, any other byte as `_` and two digits; a name that
 * gets too long by that as its hash. Two names never have the same step.
 *
 * @throws UserError where it is empty, too long, or no text
 */
export function stepOf(kind: keyof typeof LONGEST, name: string): string {
  if (name === "" || name.length > LONGEST_NAME || !name.isWellFormed())
    throw UserError.at(kind, `the name of a ${kind} ${wrongWith(name)}; write another`, "pools/name");
  const step = name.replace(/[^a-zA-Z0-9-]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `_${byte.toString(16).padStart(2, "0")}`).join(""),
  );
  // No step that is written out has two `_` in a row.
  return step.length <= LONGEST[kind]
    ? step
    : `__${createHash("sha256")
        .update(name)
        .digest("hex")
        .slice(0, LONGEST[kind] - 2)}`;
}

/** @throws UserError where a text cannot be an owner */
export function checkOwner(owner: string): void {
  if (typeof owner !== "string" || owner === "" || owner.length > LONGEST_NAME)
    throw UserError.at("owner", `the owner of a lease ${wrongWith(owner)}; write a user's id, say`, "pools/owner");
}

function wrongWith(name: string): string {
  if (typeof name !== "string") return `is a ${typeof name}, where a text belongs`;
  if (name === "") return "is empty";
  if (name.length > LONGEST_NAME) return `has ${name.length} characters, and at most ${LONGEST_NAME} are allowed`;
  return "is no well-formed Unicode text";
}
