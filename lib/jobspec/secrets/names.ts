import {
  ABOUT_IT,
  AT_THE_END,
  COUNTED,
  FINDING,
  KEY_WORDS,
  OPENING,
  OTHER_SCRIPTS,
  PASSED_ON,
  QUALIFIERS,
  RUN_TOGETHER,
  SECRET_WORDS,
  TOGETHER,
} from "./name-words";
import { remembering } from "./remembering";

/**
 * How sure a name makes: `secret` says what it holds, `likely` all but what is in plain words (a key of which nobody knows what it opens),
 * `maybe` only a value that looks drawn.
 */
export type Suspicion = "secret" | "likely" | "maybe" | "none";

const PLAIN = /^[ -~]*$/;
/** Longer names are no names. */
const LONGEST_NAME = 200;

/** Letters that are no other letter with an accent. */
const LETTERS: Readonly<Record<string, string>> = { ł: "l", ø: "o", đ: "d", ı: "i", ß: "ss", æ: "ae", œ: "oe" };

/**
 * The words of a name, in lower case: `SMTP_PASS`, `dbPassword`, `db-password`, `db.password` and `API_KEY_PROD` are all read the same
 * way. A number is a word of its own.
 */
function wordsOf(name: string): readonly string[] {
  const end = name.slice(-LONGEST_NAME);
  return (
    // The accents of other languages; most names have none.
    (PLAIN.test(end) ? end : end.normalize("NFD").replaceAll(/[\u0300-\u036f]/g, ""))
      .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
      .replaceAll(/([A-Z])([A-Z][a-z])/g, "$1 $2")
      .replaceAll(/([A-Za-z])(\d)/g, "$1 $2")
      .replaceAll(/(\d)([A-Za-z])/g, "$1 $2")
      .toLowerCase()
      .replaceAll(/[łøđıßæœ]/g, (letter) => LETTERS[letter] ?? letter)
      .split(/[^a-z0-9]+/)
      .filter((word) => word !== "")
  );
}

/** What a name says about what stands under it. */
export const suspicionOf = remembering(judgeName);

function judgeName(name: string): Suspicion {
  if (OTHER_SCRIPTS.test(name.slice(-LONGEST_NAME))) return "secret";
  const words = wordsOf(name);
  // A shell keeps the folder that it is in under this name, a connection its password.
  if (words.length === 1 && (words[0] === "pwd" || words[0] === "oldpwd")) return words[0] === "pwd" ? "maybe" : "none";
  let weaker: Suspicion = "none";
  for (let at = words.length - 1; at >= 0; at -= 1) {
    const found = atWord(words, at);
    if (found === undefined) continue;
    const behind = words.slice(at + 1);
    // Vault's AppRole calls a secret "secret_id". `--secret-from` names the file, or the store, that it comes from.
    if (words[at] === "secret" && behind.join() === "id") return "secret";
    if (found === "none" || behind.some((word) => ABOUT_IT.has(word)) || behind.at(-1) === "from") return weaker;
    if (found === "secret") return found;
    weaker = found;
  }
  return weaker;
}

/** Whether people put secrets under a name such as this. */
export function isSecretName(name: string): boolean {
  return suspicionOf(name) === "secret";
}

/** What is known by the word at a place, with those before it. */
function atWord(words: readonly string[], at: number): Suspicion | undefined {
  const word = words[at] ?? "";
  const before = words[at - 1] ?? "";
  const last = words.slice(at + 1).every(isQualifier);
  if (TOGETHER.some((phrase) => endsWith(words, at, phrase))) return "secret";
  if (SECRET_WORDS.has(word)) {
    if (AT_THE_END.has(word) && !last) return undefined;
    if (word === "pass" && PASSED_ON.has(before)) return "none";
    if ((word === "tokens" || word === "token") && COUNTED.has(before)) return "none";
    return "secret";
  }
  if (KEY_WORDS.has(word)) return ofKey(words, at, last);
  if (RUN_TOGETHER.test(word)) return "secret";
  const opened = /^(.{2,})keys?$/.exec(word)?.[1];
  if (opened !== undefined && OPENING.has(opened)) return "secret";
  if (!last) return undefined;
  // The second half of a pair of keys, as some clouds call it.
  if (word === "sk") return nextTo(words, at).some((each) => OPENING.has(each)) ? "secret" : "maybe";
  if (word === "community") return "maybe";
  if (word === "basicauth") return "secret";
  return MAYBE.has(word) ? "maybe" : undefined;
}

const MAYBE = new Set([
  "auth",
  "pin",
  "puk",
  "encrypt",
  "sig",
  "signature",
  "seed",
  "hash",
  "hmac",
  "license",
  "licence",
]);

/** A key is secret by what it opens. One that only finds something opens nothing; of others only their values tell. */
function ofKey(words: readonly string[], at: number, last: boolean): Suspicion {
  const before = nextTo(words, at);
  // Other languages put what it opens behind it: `CHAVE_API`, `CLE_SECRETE`.
  const beside = words[at] === "key" || words[at] === "keys" ? before : [...before, words[at + 1] ?? ""];
  if (beside.some((word) => FINDING.has(word))) return "none";
  // A root's key opens it, or is the key under which everything else stands, as in Traefik's `rootKey`.
  if (before[0] === "root") return "likely";
  if (beside.some((word) => OPENING.has(word))) return "secret";
  return last && at > 0 ? "likely" : "maybe";
}

/** The word before a place, also together with its number: of `S3_KEY` that is `s3`. */
function nextTo(words: readonly string[], at: number): readonly string[] {
  const [third = "", second = "", first = ""] = [words[at - 3], words[at - 2], words[at - 1]];
  const numbered = [second + first, third + second + first].filter((word) => /\d/.test(word));
  return [first, ...numbered];
}

function endsWith(words: readonly string[], at: number, phrase: readonly string[]): boolean {
  return at + 1 >= phrase.length && phrase.every((word, index) => words[at + 1 - phrase.length + index] === word);
}

function isQualifier(word: string): boolean {
  return QUALIFIERS.has(word) || /^\d+$/.test(word);
}
