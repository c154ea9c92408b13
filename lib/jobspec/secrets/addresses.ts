import type { SecretSpan } from "./forms";
import { isReference, looksDrawn } from "./values";

const ENDS_AUTHORITY = new Set("/?#\n\r\t \"'`<>\\|");
const ENDS_ADDRESS = new Set("\n\r\t \"'`<>\\|");

/** An authority is not looked at further than this. */
const LONGEST_AUTHORITY = 1024;
/** What a template fills in is not longer than this. */
const LONGEST_FILLED_IN = 500;

/** The passwords and tokens of addresses in a text: of `postgres://mail:winter@db/mail` the part `winter`; linear in its length. */
export function addressSpans(text: string): SecretSpan[] {
  const found: SecretSpan[] = [];
  let sign = -1;
  for (let at = text.indexOf("://"); at >= 0; at = text.indexOf("://", at)) {
    const start = at + 3;
    at = start;
    if (sign < start) sign = text.indexOf("@", start);
    if (sign < 0) break;
    if (sign - start > LONGEST_AUTHORITY) continue;
    const userEnd = lastSign(text, start);
    if (userEnd < 0) continue;
    at = userEnd;
    const user = text.slice(start, userEnd);
    const split = colonOf(user);
    const password = split < 0 ? "" : user.slice(split + 1);
    if (password !== "" && !isReference(password))
      found.push({ start: start + split + 1, end: userEnd, what: "the password of an address", certain: false });
    // A token in the place of the user, without a password.
    else if (split < 0 && isToken(user))
      found.push({ start, end: userEnd, what: "the token of an address", certain: false });
  }
  for (const { index, 0: before, 1: token = "" } of text.includes("://") ? text.matchAll(STEP) : []) {
    if (!looksDrawn(token)) continue;
    const start = index + before.length - token.length;
    found.push({ start, end: start + token.length, what: "the token of an address", certain: false });
  }
  return found;
}

/** A token that is a step of an address, behind the word for it: `https://host/token/x`. */
const STEP = /\/(?:tokens?|secrets?|apikeys?|api-keys?|webhooks?)\/([A-Za-z0-9_-]{16,200})(?=[/?#\s"'`]|$)/g;

/** Whether the user of an address looks drawn, and like no name. */
function isToken(user: string): boolean {
  if (!/^[A-Za-z0-9_-]{16,}$/.test(user)) return false;
  return looksDrawn(user) || (user.length >= 20 && (/\d/.test(user) || /^[a-f]{32}$/.test(user)));
}

/** Where user and password end: at the last `@` of the authority; -1 where there are none. */
function lastSign(text: string, start: number): number {
  const end = endOf(text, start, ENDS_AUTHORITY);
  const sign = text.slice(start, end).lastIndexOf("@");
  if (sign >= 0) return start + sign;
  // People do not always encode a slash or a hash in a password; behind a host there would be a port.
  const authority = text.slice(start, end);
  const colon = authority.indexOf(":");
  if (colon < 0 || authority.startsWith("[") || /^\d*$/.test(authority.slice(colon + 1))) return -1;
  const late = text.slice(start, endOf(text, start, ENDS_ADDRESS)).lastIndexOf("@");
  return late < 0 ? -1 : start + late;
}

/** Where the first of some characters stands; what a template fills in may hold any. */
function endOf(text: string, start: number, ends: ReadonlySet<string>): number {
  const limit = Math.min(text.length, start + LONGEST_AUTHORITY);
  for (let at = start; at < limit; at += 1) {
    const filled = filledIn(text, at);
    if (filled > 0) at = filled - 1;
    else if (ends.has(text[at] ?? "")) return at;
  }
  return limit;
}

/** The end of what a template fills in here, or 0. */
function filledIn(text: string, at: number): number {
  const two = text.slice(at, at + 2);
  if (two !== "{{" && two !== "${") return 0;
  const closing = two === "{{" ? "}}" : "}";
  const end = text.slice(at, at + LONGEST_FILLED_IN).indexOf(closing);
  return end < 0 ? 0 : at + end + closing.length;
}

/** The colon between user and password, outside of what a template fills in. */
function colonOf(user: string): number {
  for (let at = 0; at < user.length; at += 1) {
    const filled = filledIn(user, at);
    if (filled > 0) at = filled - 1;
    else if (user[at] === ":") return at;
  }
  return -1;
}
