import { isPlainlyNoSecret, isSecretName, isSecretPair, secretSpans, type TextKind } from "../jobspec/host";
import { distinctive, type Known } from "./known";
import { secretTexts, visitTexts } from "./texts";

/** What stands in the place of a secret. */
export const MASK = "••••••";

/** A value before and after a change, as both may be shown. */
export interface MaskedChange {
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/**
 * What one run of a command hides. It is told of secrets as they come by, in jobs, keys and variables, and hides them wherever they
 * turn up later; what has the form of a key is always hidden. Everything that is printed goes through one of these.
 */
export class Masking {
  readonly #known = new Map<string, Known>();
  /** Places that a sensitive value reaches, by name and text. */
  readonly #places = new Set<string>();
  readonly #ordinary = new Set<string>();
  #sorted: readonly Known[] | undefined;

  /** @param known values that are secret wherever they stand */
  constructor(known: Iterable<string> = []) {
    this.know(known);
  }

  /**
   * Hides values from now on wherever they stand: such as they are, in JSON, in an address and in base64. A value that is short or an
   * ordinary word is hidden at its own places only, see {@link Masking.hideAt}.
   */
  know(values: Iterable<string>): void {
    for (const value of values) {
      if (this.#ordinary.has(value)) continue;
      for (const known of distinctive(value)) {
        if (this.#known.has(known.text)) continue;
        this.#known.set(known.text, known);
        this.#sorted = undefined;
      }
    }
  }

  /** Hides what stands under a secret's name, or has a secret's form, anywhere in plain data such as a job or the keys of Consul. */
  learn(data: unknown, name = ""): void {
    this.know(secretTexts(data, name));
  }

  /** Hides a value where it stands under its name, however short it is. */
  hideAt(name: string, value: string): void {
    if (value !== "") this.#places.add(placeOf(name, value));
  }

  /** Words that name things, such as jobs and groups: they are not hidden, also where somebody took one for a password. */
  ordinary(words: Iterable<string>): void {
    for (const word of words) {
      this.#ordinary.add(word);
      if (this.#known.delete(word)) this.#sorted = undefined;
    }
  }

  /**
   * A value as it may be shown under its name.
   *
   * @param name such as `DB_PASSWORD`, `Env[DB_PASSWORD]`, or the last step of a key
   */
  value(name: string, value: string): string {
    if (value === "") return value;
    const own = ownName(name);
    if (this.#places.has(placeOf(name, value))) return MASK;
    if (isSecretName(own) ? !isPlainlyNoSecret(value) : isSecretPair(own, value)) return MASK;
    return this.#mask(value, "document");
  }

  /**
   * Both sides of a change: where one is hidden whole, so is the other, which may be what it was before it was kept secret. Where a part
   * of the new value is hidden and nothing of the old one is, that part was something else before, and the old value is hidden whole.
   */
  change(name: string, before: string | undefined, after: string | undefined): MaskedChange {
    const shown = [before, after].map((value) => (value === undefined ? undefined : this.value(name, value)));
    const [old, now] = shown.map((value) => value?.includes(MASK) === true);
    const hidden = shown.includes(MASK);
    const replaced = now === true && old === false && before !== undefined && !isPlainlyNoSecret(before);
    const side = (original: string | undefined, masked: string | undefined) =>
      hidden && original !== undefined && original !== "" && !isPlainlyNoSecret(original) ? MASK : masked;
    return { before: replaced ? MASK : side(before, shown[0]), after: side(after, shown[1]) };
  }

  /** What a server or a program says, without what is secret in it. */
  text(text: string): string {
    return this.#mask(text, "prose");
  }

  /** Data for an output of JSON: each text by its name and its form. Keys, numbers and the shape stay. */
  json<T>(data: T): T {
    // The shape is the same: texts become texts.
    return visitTexts(data, (text, { name, isSecret }) => (isSecret ? MASK : this.#shown(name, text))) as T;
  }

  /** Of what we print as JSON, names such as "path" and "message" say what the text is; only secrets' names hide it. */
  #shown(name: string, text: string): string {
    return this.#places.has(placeOf(name, text)) ? MASK : this.#mask(text, "prose");
  }

  #mask(text: string, kind: TextKind): string {
    let shown = text;
    for (const { text: known, inside } of this.#longestFirst()) {
      if (shown.includes(known)) shown = inside ? shown.replaceAll(known, MASK) : replaceWords(shown, known);
    }
    const spans = secretSpans(shown, kind);
    if (spans.length === 0) return shown;
    let out = "";
    let at = 0;
    for (const { start, end } of spans) {
      out += shown.slice(at, start) + MASK;
      at = end;
    }
    return out + shown.slice(at);
  }

  /** A value that holds another goes whole. */
  #longestFirst(): readonly Known[] {
    return (this.#sorted ??= [...this.#known.values()].sort((a, b) => b.text.length - a.text.length));
  }
}

/** The name of an entry, `Env[API_KEY]` or `args[0]`, is what stands in its brackets where that is a name. */
function ownName(name: string): string {
  const [, map = "", key = ""] = /^(.*)\[([^[\]]+)\]$/.exec(name) ?? [];
  return key === "" ? name : /^\d+$/.test(key) ? map : key;
}

function placeOf(name: string, value: string): string {
  return `${ownName(name)}\u0000${value}`;
}

/** Replaces a text where it is a word of its own. */
function replaceWords(text: string, word: string): string {
  let out = "";
  let from = 0;
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
    const isWord = !isLetter(text[at - 1]) && !isLetter(text[at + word.length]);
    if (!isWord) continue;
    out += text.slice(from, at) + MASK;
    from = at + word.length;
  }
  return out + text.slice(from);
}

function isLetter(char: string | undefined): boolean {
  return char !== undefined && /[A-Za-z0-9_]/.test(char);
}
