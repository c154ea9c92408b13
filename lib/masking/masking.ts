import {
  isPlainlyNoSecret,
  isSecretName,
  isSecretPair,
  isSentence,
  secretSpans,
  type SecretSpan,
  type TextKind,
} from "../jobspec/secrets";
import { disguisedSpans } from "./disguised";
import { distinctive } from "./known";
import { KnownTexts, type Span } from "./known-texts";
import { secretTexts, visitTexts, type TextPlace } from "./texts";
import { withoutUnseen } from "./views";

/** What stands in the place of a secret. */
export const MASK = "••••••";

/** Texts longer than this are not remembered by their places. */
const LONGEST_PLACE = 4_096;

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
  readonly #known = new KnownTexts();
  /** What is shown of texts that are hidden at their own places, by name and text. */
  readonly #places = new Map<string, string>();
  readonly #ordinary = new Set<string>();

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
      for (const known of distinctive(value)) this.#known.add(known);
    }
  }

  /** Hides what stands under a secret's name, or has a secret's form, anywhere in plain data such as a job or the keys of Consul. */
  learn(data: unknown, name = ""): void {
    for (const { name: own, text, spans, known } of secretTexts(data, name)) {
      this.know(known);
      // Its parts may be too short to be known elsewhere.
      if (text.length <= LONGEST_PLACE) this.#places.set(placeOf(own, text), masked(text, spans));
    }
  }

  /** Hides a value where it stands under its name, however short it is. */
  hideAt(name: string, value: string): void {
    if (value !== "") this.#places.set(placeOf(name, value), MASK);
  }

  /** Words that name things, such as jobs and groups: they are not hidden, also where somebody took one for a password. */
  ordinary(words: Iterable<string>): void {
    for (const word of words) {
      this.#ordinary.add(word);
      this.#known.delete(word);
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
    const here = this.#places.get(placeOf(name, value));
    if (here === MASK) return MASK;
    if (isSecretName(own) ? !isPlainlyNoSecret(value) : isSecretPair(own, value)) return MASK;
    return here ?? this.#mask(value, "document");
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

  /** Data for an output of JSON: each text by its name, what is around it, and its form; of keys what is known, or has a form. Numbers and the shape stay. */
  json<T>(data: T): T {
    const visitKey = (key: string) => this.#mask(key, "prose");
    const visit = (text: string, { name, isSecret, spans }: TextPlace) => {
      const here = this.#places.get(placeOf(name, text));
      if (isSecret || here === MASK) return MASK;
      return this.#mask(text, isSentence(name) ? "prose" : "document", spans);
    };
    // The shape is the same: texts become texts.
    return visitTexts(data, visit, { visitKey }) as T;
  }

  #mask(text: string, kind: TextKind, more: readonly SecretSpan[] = []): string {
    const seen = withoutUnseen(text);
    const unseen = seen ? secretSpans(seen.text, kind).map((span) => seen.original(span)) : [];
    const known = [...this.#known.spansIn(text), ...disguisedSpans(text, this.#known)];
    return masked(text, [...known, ...secretSpans(text, kind), ...unseen, ...more]);
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

/** A text with parts of it hidden, given in any order; those that overlap or touch are hidden as one. */
function masked(text: string, spans: readonly Span[]): string {
  if (spans.length === 0) return text;
  let out = "";
  let shown = 0;
  let hidden = -1;
  for (const { start, end } of [...spans].sort((a, b) => a.start - b.start)) {
    if (start > hidden) {
      out += text.slice(shown, start) + MASK;
      hidden = end;
    }
    hidden = Math.max(hidden, end);
    shown = hidden;
  }
  return out + text.slice(shown);
}
