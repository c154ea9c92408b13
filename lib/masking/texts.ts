import {
  aroundElements,
  aroundKey,
  DEEPEST,
  isPlainlyNoSecret,
  isPlainWords,
  isSecretHere,
  isUserAndPassword,
  NOTHING_AROUND,
  secretSpans,
  type Around,
  type SecretSpan,
} from "../jobspec/secrets";

/** A text where it stands. */
export interface TextPlace {
  /** The key that it stands under; for an element of a list that of the list. */
  readonly name: string;
  /** Whether what is around it makes all of it a secret. */
  readonly isSecret: boolean;
  /** What is secret in it by its place, such as an argument of a command. */
  readonly spans: readonly SecretSpan[];
}

const TOO_DEEP = "(nested too deep to be shown)";

/** What of data is looked at. */
export interface VisitOptions {
  /** The key that the data stands under. Default: none */
  readonly name?: string;
  /** What is shown of a key that somebody chose. Default: the key */
  readonly visitKey?: (key: string) => string;
}

/** The same data with every text looked at in its place; a number under a secret's name is looked at as a text. */
export function visitTexts(
  data: unknown,
  visit: (text: string, place: TextPlace) => string,
  { name = "", visitKey }: VisitOptions = {},
): unknown {
  const walk = (value: unknown, around: Around, depth: number): unknown => {
    if (typeof value === "string") return visit(value, placeOf(value, around));
    if (typeof value === "number" || typeof value === "bigint") {
      const text = String(value);
      const shown = visit(text, placeOf(text, around));
      return shown === text ? value : shown;
    }
    if (typeof value !== "object" || value === null) return value;
    if (depth > DEEPEST) return TOO_DEEP;
    if (Array.isArray(value)) {
      const aroundElement = aroundElements(around, value);
      return value.map((item, at) => walk(item, aroundElement(at), depth + 1));
    }
    if ("toJSON" in value && typeof value.toJSON === "function") return walk(value.toJSON(), around, depth + 1);
    const object = value as Readonly<Record<string, unknown>>;
    const entries = Object.keys(object).map(
      (key) => [key, walk(object[key], aroundKey(around, object, key), depth + 1)] as const,
    );
    return Object.fromEntries(visitKey ? shownKeys(entries, visitKey) : entries);
  };
  return walk(data, { ...NOTHING_AROUND, name }, 0);
}

/** The keys of our own shapes, and most that people choose: they are nobody's secret, or could not be told from one that names something. */
const PLAIN_KEY = /^[A-Za-z]*$/;

/** Entries by the keys that are shown; of those that look alike then, each after the first has a number. */
function shownKeys(entries: readonly (readonly [string, unknown])[], visitKey: (key: string) => string) {
  const counts = new Map<string, number>();
  return entries.map(([key, value]) => {
    const shown = PLAIN_KEY.test(key) ? key : visitKey(key);
    if (shown === key) return [key, value] as const;
    const count = (counts.get(shown) ?? 0) + 1;
    counts.set(shown, count);
    return [count === 1 ? shown : `${shown} (${count})`, value] as const;
  });
}

function placeOf(text: string, around: Around): TextPlace {
  return { name: around.name, isSecret: isSecretHere(text, around), spans: around.spans ?? [] };
}

type Secret = Pick<SecretSpan, "start" | "end" | "inside">;

/** A text of which something is secret. */
export interface SecretText {
  /** The key that it stands under. */
  readonly name: string;
  readonly text: string;
  /** What is secret in it: all of it, or parts. */
  readonly spans: readonly Secret[];
  /** What of it is secret wherever it stands. */
  readonly known: readonly string[];
}

/** The texts in data that are secret, or have a part that is. */
export function secretTexts(data: unknown, name = ""): readonly SecretText[] {
  const found: SecretText[] = [];
  visitTexts(
    data,
    (text, place) => {
      const whole: readonly Secret[] = [{ start: 0, end: text.length }];
      const spans = place.isSecret ? whole : [...secretSpans(text, "document"), ...place.spans];
      if (spans.length > 0) found.push({ name: place.name, text, spans, known: knownOf(text, spans, place) });
      return text;
    },
    { name },
  );
  return found;
}

function knownOf(text: string, spans: readonly Secret[], place: TextPlace): readonly string[] {
  const parts = spans.flatMap(({ start, end, inside = [] }) => [text.slice(start, end), ...inside]);
  // An argument that holds nothing else, such as `-pwinter`, is told from an option by nothing but its command.
  return [...parts, ...parts.flatMap(coresOf), ...(place.spans.length > 0 ? [text] : [])];
}

/** The password in a user and a password in base64, as registries and HTTP have them. */
function passwordOf(secret: string): readonly string[] {
  if (!isUserAndPassword(secret)) return [];
  const plain = atob(secret.replace(/=+$/, ""));
  return [plain, plain.slice(plain.indexOf(":") + 1)].filter((word) => word.length >= SHORTEST_CORE);
}

/** Shorter words are not looked for by themselves. */
const SHORTEST_CORE = 6;
/** Longer texts are not taken apart. */
const LONGEST_CORE = 10_000;

/**
 * The words of a secret text that can be nothing but secret: the token of `Bearer …`, the password of `x psql -U app`, of `mail:x`, and of
 * a list. Words that a person would write for something else are left.
 */
function coresOf(secret: string): readonly string[] {
  if (secret.length > LONGEST_CORE) return [];
  // In a line of shell, what was assigned ends where a command begins, the next one or its own: it is the secret, also where it looks like a name.
  const assigned = /^[^\s"'`;&|]+(?=\s*[;&|]|\s+[a-z_.~/][\w./~-]*(?:\s|$))/.exec(secret)?.[0] ?? "";
  const first =
    assigned.length >= SHORTEST_CORE && /\d/.test(assigned) && !isPlainlyNoSecret(assigned) ? [assigned] : [];
  const others = secret
    .split(/[\s"'`;,|&(){}[\]<>]+/)
    // Behind a name: `mail:x`, `neo4j/x`, `NAME:-x` of a shell.
    .flatMap((word) => [
      word,
      word.slice(word.search(/[:=]/) + 1),
      ...(/^[\w.@-]{1,64}(?::?[-=]|\/)(?=[^/])(.*)$/.exec(word)?.slice(1) ?? []),
    ])
    .filter((word) => word.length >= SHORTEST_CORE && word !== secret && !/^(?:[-$]|https?:)/.test(word))
    .filter((word) => !isPlainWords(word) && !isPlainlyNoSecret(word));
  return [...first, ...others, ...passwordOf(secret)];
}
