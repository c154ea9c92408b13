import {
  aroundElement,
  aroundKey,
  DEEPEST,
  isSecretHere,
  NOTHING_AROUND,
  secretSpans,
  type Around,
} from "../jobspec/host";

/** A text where it stands. */
export interface TextPlace {
  /** The key that it stands under; for an element of a list that of the list. */
  readonly name: string;
  /** Whether what is around it makes all of it a secret. */
  readonly isSecret: boolean;
}

const TOO_DEEP = "(nested too deep to be shown)";

/** The same data with every text looked at in its place; a number under a secret's name is looked at as a text. */
export function visitTexts(data: unknown, visit: (text: string, place: TextPlace) => string, name = ""): unknown {
  const walk = (value: unknown, around: Around, depth: number): unknown => {
    if (typeof value === "string") return visit(value, { name: around.name, isSecret: isSecretHere(value, around) });
    if (typeof value === "number") {
      const text = String(value);
      const shown = visit(text, { name: around.name, isSecret: isSecretHere(text, around) });
      return shown === text ? value : shown;
    }
    if (typeof value !== "object" || value === null) return value;
    if (depth > DEEPEST) return TOO_DEEP;
    if (Array.isArray(value)) return value.map((item, at) => walk(item, aroundElement(around, value, at), depth + 1));
    if ("toJSON" in value && typeof value.toJSON === "function") return walk(value.toJSON(), around, depth + 1);
    const object = value as Readonly<Record<string, unknown>>;
    return Object.fromEntries(
      Object.keys(object).map((key) => [key, walk(object[key], aroundKey(around, object, key), depth + 1)]),
    );
  };
  return walk(data, { ...NOTHING_AROUND, name }, 0);
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
