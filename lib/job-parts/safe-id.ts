import { createHash } from "node:crypto";

/** The longest id that this makes: services and children of a job add to it, and DNS names end at 63. */
const LONGEST = 56;

/**
 * An id made of values that anybody may have chosen: lower-case letters, digits and dashes, at most 56 of them. Different values give
 * different ids, also where only their case or their punctuation differs; the values themselves belong into meta.
 *
 * @param kind what it is, such as `runtime-openai`: letters, digits and dashes
 * @param values user ids, session ids, times
 */
export function safeId(kind: string, ...values: readonly (string | number)[]): string {
  const hash = createHash("sha256")
    .update(JSON.stringify(values.map(String)))
    .digest("hex")
    .slice(0, 12);
  const words = values
    .map((value) =>
      String(value)
        .normalize("NFKD")
        .toLowerCase()
        .replaceAll(/[^a-z0-9]+/g, "-"),
    )
    .join("-")
    .replaceAll(/-{2,}/g, "-")
    .replace(/^-/, "");
  const room = LONGEST - kind.length - hash.length - 2;
  const slug = words.slice(0, Math.max(0, room)).replace(/-+$/, "");
  return [kind, slug, hash].filter((part) => part !== "").join("-");
}

/** A value of meta that anybody may have chosen: what no environment variable can hold is taken out. */
export function safeMeta(value: string): string {
  return value.toWellFormed().replaceAll("\0", "");
}
