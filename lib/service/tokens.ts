import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import * as v from "valibot";
import { pathOfKeys, type Problem, UserError } from "../errors";
import { SCOPES, type Scope } from "./facts";

/** Who asks. */
export interface Caller {
  /** The token's public part, for logs and limits. */
  readonly token: string;
  readonly owner: string;
  readonly scopes: ReadonlySet<Scope>;
}

/** What starts every token: forms of secrets are known by it. */
const PREFIX = "cnp";
const FORM = /^cnp_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;

const owner = v.pipe(
  v.string("write a text"),
  v.minLength(1, "is empty; write whose the token is"),
  v.maxLength(256, "is longer than 256 characters"),
  v.check((text) => text.isWellFormed(), "holds half a surrogate pair; remove it"),
);
const line = v.strictObject({
  id: v.pipe(v.string("write a text"), v.regex(/^[0-9a-f]{12}$/, "is no id of a token; write 12 digits of base 16")),
  owner,
  scopes: v.pipe(
    v.array(v.picklist(SCOPES, `write some of ${SCOPES.join(", ")}`), "write a list"),
    v.nonEmpty("is empty; write a scope"),
  ),
  sha256: v.pipe(v.string("write a text"), v.regex(/^[0-9a-f]{64}$/, "is no SHA-256; write 64 digits of base 16")),
});

/** A token as it is kept: everything but the token itself. */
export type TokenLine = v.InferOutput<typeof line>;

/**
 * Makes a token. It is of 256 random bits, so nobody finds it by trying, and one round of SHA-256 hides it as well as a slow hash would: scrypt and
 * its like are for passwords, which people choose, and here would only let whoever sends wrong tokens keep the service busy.
 *
 * @param random bytes that nobody can foretell. Default: those of the operating system
 * @returns the token, which is told once, and the line that is kept
 */
export function createToken(
  wanted: { readonly owner: string; readonly scopes: readonly Scope[] },
  random: (bytes: number) => Buffer = randomBytes,
): { readonly token: string; readonly line: TokenLine } {
  const id = random(6).toString("hex");
  const token = `${PREFIX}_${id}_${random(32).toString("base64url")}`;
  const kept = { id, owner: wanted.owner, scopes: [...new Set(wanted.scopes)], sha256: digest(token).toString("hex") };
  return { token, line: readLine(kept, "token") };
}

/**
 * Reads lines of tokens, JSON each; empty lines and those that begin with # are left out.
 *
 * @param where for messages, such as the file's name
 * @throws UserError with everything that is wrong, and none of the values
 */
export function readTokens(text: string, where: string): readonly TokenLine[] {
  const mistakes: Problem[] = [];
  const found = text.split("\n").flatMap((each, index) => {
    if (/^\s*(#|$)/.test(each)) return [];
    const place = `${where}:${index + 1}`;
    try {
      return [readLine(JSON.parse(each), place)];
    } catch (error) {
      if (error instanceof UserError) mistakes.push(...error.problems);
      else
        mistakes.push({
          rule: "tokens",
          path: [place],
          message: "is no JSON; write a line of cdk-nomad pool token create",
          severity: "error",
        });
      return [];
    }
  });
  const seen = new Set<string>();
  for (const { id } of found) {
    if (seen.has(id))
      mistakes.push({ rule: "tokens", path: [where], message: `has the token ${id} twice`, severity: "error" });
    seen.add(id);
  }
  if (mistakes.length > 0) throw new UserError(mistakes);
  return found;
}

/** A line as it is written into a file or a variable. */
export function tokenText(kept: TokenLine): string {
  return JSON.stringify(kept);
}

function readLine(value: unknown, place: string): TokenLine {
  const result = v.safeParse(line, value);
  if (result.success) return result.output;
  throw new UserError(
    result.issues.map((issue) => ({
      rule: "tokens",
      path: [place, ...pathOfKeys((issue.path ?? []).map(({ key }) => key))],
      // Of a wrong hash nothing is repeated: somebody may have written the token in its place.
      message: issue.type === "strict_object" ? "is missing, or not known" : issue.message,
      severity: "error",
    })),
  );
}

/** Tokens by which callers are known. */
export class TokenBook {
  readonly #byId: ReadonlyMap<string, TokenLine>;

  constructor(lines: readonly TokenLine[]) {
    this.#byId = new Map(lines.map((each) => [each.id, each]));
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Who has the token of an id, as it is now: what a session was opened with may have been taken away since. */
  byId(id: string): Caller | undefined {
    const kept = this.#byId.get(id);
    return kept && callerOf(kept);
  }

  /** Who has a token, or undefined. It takes as long for a wrong secret as for the right one. */
  find(token: string): Caller | undefined {
    const [, id = ""] = FORM.exec(token) ?? [];
    const kept = this.#byId.get(id);
    const equal = timingSafeEqual(digest(token), kept ? Buffer.from(kept.sha256, "hex") : NOBODY);
    return kept && equal ? callerOf(kept) : undefined;
  }
}

function callerOf({ id, owner, scopes }: TokenLine): Caller {
  return { token: id, owner, scopes: new Set(scopes) };
}

/** No token has it. */
const NOBODY = Buffer.alloc(32);

function digest(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
