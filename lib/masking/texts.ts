import { isPlainlyNoSecret, isSecretPair, secretSpans, suspicionOf } from "../jobspec/host";

/** A text where it stands. */
export interface TextPlace {
  /** The key that it stands under; for an element of a list that of the list. */
  readonly name: string;
  /** Whether what it stands under makes all of it a secret. */
  readonly isSecret: boolean;
}

/** Deeper data is hidden whole instead of being followed. */
const DEEPEST = 100;
const TOO_DEEP = "(nested too deep to be shown)";

/** The same data with every text looked at in its place; numbers under a secret's name are looked at as texts. */
export function visitTexts(data: unknown, visit: (text: string, place: TextPlace) => string, name = ""): unknown {
  const walk = (value: unknown, own: string, inSecret: boolean, before: string | undefined, depth: number): unknown => {
    if (typeof value === "string")
      return visit(value, { name: own, isSecret: isSecretAt(own, value, inSecret, before) });
    if (typeof value === "number") {
      const text = String(value);
      const isSecret = isSecretAt(own, text, inSecret, before);
      const shown = isSecret ? visit(text, { name: own, isSecret }) : text;
      return shown === text ? value : shown;
    }
    if (typeof value !== "object" || value === null) return value;
    if (depth > DEEPEST) return TOO_DEEP;
    if (Array.isArray(value)) {
      return value.map((item: unknown, index) => {
        const previous: unknown = value[index - 1];
        return walk(item, own, inSecret, typeof previous === "string" ? previous : undefined, depth + 1);
      });
    }
    if ("toJSON" in value && typeof value.toJSON === "function")
      return walk(value.toJSON(), own, inSecret, before, depth + 1);
    const entries = Object.entries(value);
    // { name: "DB_PASSWORD", value: "…" } says the name beside the value.
    const label = entries.find(([key, item]) => /^(?:name|key)$/i.test(key) && typeof item === "string")?.[1] as
      string | undefined;
    return Object.fromEntries(
      entries.map(([key, item]) => {
        const within = inSecret || (typeof item === "object" && suspicionOf(key) === "secret");
        const named = label !== undefined && /^value$/i.test(key) ? label : key;
        return [key, walk(item, named, within, undefined, depth + 1)];
      }),
    );
  };
  return walk(data, name, false, undefined, 0);
}

/** Whether a text is a secret by its place: by its name, by what holds it, or as the value of the option before it. */
function isSecretAt(name: string, text: string, inSecret: boolean, before: string | undefined): boolean {
  if (isSecretPair(name, text)) return true;
  if (inSecret && !isPlainlyNoSecret(text)) return true;
  return before !== undefined && /^--?[\w-]+$/.test(before) && !text.startsWith("-") && isSecretPair(before, text);
}

/** The texts in data that are secret, such as they stand there. */
export function secretTexts(data: unknown, name = ""): readonly string[] {
  const found: string[] = [];
  visitTexts(
    data,
    (text, { isSecret }) => {
      if (isSecret) found.push(text);
      else for (const { start, end } of secretSpans(text, "document")) found.push(text.slice(start, end));
      return text;
    },
    name,
  );
  return found;
}
