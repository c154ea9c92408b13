import { isBlockOfReferences, isReferenceTo } from "./references";

/** Words in the place of a value that say there is none, or only whether there is one. */
const NO_VALUE =
  /^(?:true|false|yes|no|on|off|none|null|nil|undefined|\*+|•+|x{3,}|\.{3}|…|<[^<>]{0,60}>|\[?redacted\]?)$/i;

/** Folders in which files with secrets lie: such a text says where a secret is. */
const PATH =
  /^(?:\.{0,2}|~)\/(?:run|var|etc|secrets|local|alloc|opt|home|root|usr|tmp|mnt|srv|data|vault|app|certs?|tls|ssl)(?:\/[\w.@-]{1,80}){1,12}$/;

/** A file with an extension in any folder of a machine: `/builds/a/tokens.jsonl`. Nothing that is drawn begins and ends so. */
const FILE = /^(?:\.{0,2}|~)\/(?:[\w.@+-]{1,80}\/){1,20}[\w.@+-]{1,80}\.[a-z][a-z0-9]{1,9}$/;

/** Nothing, or what ends a template, a list or a line of a program. */
const CLOSES = /^[\])}>,;]{0,8}$/;

/** A file of a task's own folder, with an extension of keys, certificates or settings: `local/certificates/private_key.pem`. */
const FILE_BELOW =
  /^(?:[\w.@+-]{1,80}\/){1,20}[\w.@+-]{1,80}\.(?:pem|key|crt|cer|der|p12|pfx|jks|pub|asc|json|ya?ml|toml|conf|ini|txt|env)$/;

/** A file below a folder that is filled in: `${NOMAD_SECRETS_DIR}/key`. */
const PATH_BELOW = /^\$\{[\w.]{1,80}\}(?:\/[\w.@-]{1,80}){1,12}$/;

/** Whether a text that stands under a secret's name is plainly none: a reference, a yes or no, a path to a file. */
export function isPlainlyNoSecret(text: string): boolean {
  const value = text.trim();
  return saysNothing(value) || isReference(value);
}

/** Whether a text says where something is instead of what it is: `${VAR}`, `{{ key "x" }}`, `Bearer ${TOKEN}`. */
export function isReference(text: string): boolean {
  return isReferenceTo(text, (literal) => saysNothing(literal.trim()));
}

/** Whether a text in brackets is one reference, or has them in the place of all its values: `{ "accessKey": "{{ key "x" }}" }`. */
export function isFilledIn(text: string): boolean {
  return isReference(text) || isBlockOfReferences(text, (literal) => saysNothing(literal.trim()));
}

/** Whether a text is a word for no value, or the path of a file. */
function saysNothing(value: string): boolean {
  return (
    CLOSES.test(value) ||
    NO_VALUE.test(value) ||
    PATH.test(value) ||
    FILE.test(value) ||
    FILE_BELOW.test(value) ||
    PATH_BELOW.test(value)
  );
}

/** A word as people write it: in one case or with humps, with a short number at its end. */
const WORD = /^(?:[a-z]{1,30}|[A-Z]{1,30}|[A-Z]?[a-z]{2,30}(?:[A-Z][a-z]{2,30}){0,5})\d{0,4}$/;

/** Whether a text is made of words and numbers, such as `orders`, `user:42`, `app/leader`: what names something, and opens nothing. */
export function isPlainWords(text: string): boolean {
  if (text.length > 200) return false;
  const words = text.split(/[\s_.:/,@-]+/).filter((word) => word !== "");
  return words.every(
    // A short word without a vowel is an abbreviation, unless it has humps.
    (word) =>
      /^\d{1,4}$/.test(word) ||
      (WORD.test(word) && ((word.length < 6 && !/[a-z][A-Z]/.test(word)) || /[aeiouy]/i.test(word))),
  );
}

/** Shorter than anything that is drawn to be kept. */
const SHORTEST_DRAWN = 16;

/** Whether a text looks drawn at random, and not written by a person. */
export function looksDrawn(text: string): boolean {
  if (text.length < SHORTEST_DRAWN || text.length > 512 || !/^[\w+/=.~:%-]+$/.test(text)) return false;
  const digits = text.replaceAll(/\D/g, "").length;
  const letters = text.replaceAll(/[^A-Za-z]/g, "").length;
  return digits >= 3 && letters >= 4 && new Set(text).size >= 8;
}

/** A user and a password in base64 are no longer, with what fills them up. */
const LONGEST_USER = 810;

/** Whether a text is a user and a password in base64, as HTTP and Docker's registries have them. */
export function isUserAndPassword(text: string): boolean {
  // The search for the signs at its end begins anew at each of them.
  if (text.length > LONGEST_USER) return false;
  const bare = text.replace(/=+$/, "");
  return (
    /^[A-Za-z0-9+/]{8,800}$/.test(bare) &&
    bare.length % 4 !== 1 &&
    /^[\x21-\x7e]{1,200}$/.test(atob(bare)) &&
    /^[^:]+:./.test(atob(bare))
  );
}
