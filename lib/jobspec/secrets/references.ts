import { WRITTEN_LITERALS } from "./template-calls";

/** References that Nomad, Terraform, a template or a shell fills in, and the words of a header around them. */
const FILLED_IN =
  /\$\{[^{}]{0,400}\}|\{\{[^{}]{0,2000}\}\}|\[\[[^[\]]{0,400}\]\]|\{env\.\w{1,80}\}|\$env:\w{1,80}|\$\([^()]{0,400}\)|\$[A-Z_][A-Z0-9_]{0,80}\b/g;
/** Schemes of an `Authorization` header. */
const AROUND =
  /\b(?:Bearer|Basic|Token|Api-?Key|Splunk|GenieKey|SSWS|OAuth|Digest|Negotiate|Bot|Client-ID|PVEAPIToken|DeepL-Auth-Key)\b/gi;

/** The longest text that is judged as a reference. */
const LONGEST_REFERENCE = 20_000;

/** What a shell prints that stands there: `$(echo winter)`, and not `$(echo $X)`. */
const PRINTS = /^(?:\$\(|`)\s{0,9}(?:echo|printf)\b(?:\s{1,9}-\w{1,9}){0,3}\s{1,9}["']?(?![$`"'])\S/;

/** What a shell takes where a variable is not set: `${NAME:-winter}`. */
const WHERE_UNSET = /^\$\{\w{1,100}:?[-=](?!\$)(.{1,400})\}$/;

/**
 * Whether a text says where something is instead of what it is: `${VAR}`, `{{ key "x" }}`, `Bearer ${TOKEN}`; not one that has a value ready, such as
 * `{{ keyOrDefault "x" "winter" }}`.
 *
 * @param saysNothing whether a literal in it is a word for no value
 */
export function isReferenceTo(text: string, saysNothing: (literal: string) => boolean): boolean {
  if (text.length > LONGEST_REFERENCE) return false;
  // What a command prints, also where it goes on in the next line.
  if (text.startsWith("$(") || text.startsWith("`")) return !PRINTS.test(text);
  const rest = besideReferences(text, saysNothing);
  return rest !== undefined && !/[A-Za-z0-9]/.test(rest.replaceAll(AROUND, ""));
}

/** What a text has beside its references; undefined where it has none, or where one has a value ready. */
function besideReferences(text: string, saysNothing: (literal: string) => boolean): string | undefined {
  let hasValue = false;
  const rest = text.replaceAll(FILLED_IN, (reference) => {
    hasValue ||= literalsIn(reference).some((literal) => !saysNothing(literal));
    return "";
  });
  return hasValue || rest.length === text.length ? undefined : rest;
}

/** A name and the sign between it and its value. */
const KEY = /^["']?[\w.-]{1,100}["']?\s{0,99}(?:=>|[:=])/;
/** What stands around the values of an object. */
const AROUND_VALUES = /^[\s{}[\](),;"'`]+/;

/**
 * Whether a block has references in the place of all its values: `{ "accessKey": "{{ key "x" }}", "user": "${USER}" }`.
 *
 * @param saysNothing whether a literal in a reference is a word for no value
 */
export function isBlockOfReferences(text: string, saysNothing: (literal: string) => boolean): boolean {
  if (text.length > LONGEST_REFERENCE) return false;
  let rest = besideReferences(text, saysNothing);
  if (rest === undefined) return false;
  while (rest !== "") {
    const [part = ""] = KEY.exec(rest) ?? AROUND_VALUES.exec(rest) ?? [];
    if (part === "") return false;
    rest = rest.slice(part.length);
  }
  return true;
}

/** The values that a reference has ready. */
function literalsIn(reference: string): readonly string[] {
  if (reference.startsWith("${")) return WHERE_UNSET.exec(reference)?.slice(1) ?? [];
  if (!reference.startsWith("{{") || !/["`]/.test(reference)) return [];
  return WRITTEN_LITERALS.flatMap((pattern) =>
    [...reference.matchAll(pattern)].map(([, literal = ""]) => literal.slice(1, -1)),
  );
}
