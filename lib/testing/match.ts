/**
 * What a value must be like, where a plain value does not say it: a part of a list, a text of some form, anything, nothing. They stand anywhere in what is expected.
 *
 * @example
 * SynthesizedStack.fromStack(stack).hasJob({ ID: "shop", TaskGroups: Match.arrayWith([{ Name: "api", Count: 2 }]) });
 */
export abstract class Match {
  /** Where a value differs, in words; undefined where it does not. */
  abstract difference(actual: unknown, path: string): string | undefined;

  /** A list that has these elements, in this order; others may stand before, between and behind them. */
  static arrayWith(elements: readonly unknown[]): Match {
    return new ArrayWith(elements);
  }

  /** A list of just these elements, in this order: what a plain list says too. */
  static arrayEquals(elements: readonly unknown[]): Match {
    return new Like((actual, path) => difference(actual, elements, path));
  }

  /** An object that has these properties, and perhaps others: what a plain object says too. */
  static objectLike(properties: Readonly<Record<string, unknown>>): Match {
    return new Like((actual, path) => difference(actual, properties, path));
  }

  /** An object that has these properties, and no others, at any depth. */
  static objectEquals(properties: Readonly<Record<string, unknown>>): Match {
    return new Like((actual, path) => difference(actual, properties, path) ?? extra(actual, properties, path));
  }

  /** A text in which a pattern is found. */
  static stringLikeRegexp(pattern: RegExp | string): Match {
    const expression = new RegExp(pattern);
    return new Like((actual, path) =>
      typeof actual === "string" && new RegExp(expression).test(actual)
        ? undefined
        : `${at(path)} is ${show(actual)}, not like ${String(expression)}`,
    );
  }

  /** Any value but null; the property must be there. */
  static anyValue(): Match {
    return new Like((actual, path) => (actual === undefined || actual === null ? `${at(path)} is absent` : undefined));
  }

  /** The property is absent. */
  static absent(): Match {
    return new Like((actual, path) =>
      actual === undefined ? undefined : `${at(path)} is ${show(actual)}, and should be absent`,
    );
  }

  /** Any value that does not match this one. */
  static not(expected: unknown): Match {
    return new Like((actual, path) =>
      difference(actual, expected, path) === undefined
        ? `${at(path)} is ${show(actual)}, and should not be`
        : undefined,
    );
  }
}

class Like extends Match {
  constructor(override readonly difference: (actual: unknown, path: string) => string | undefined) {
    super();
  }
}

class ArrayWith extends Match {
  constructor(private readonly elements: readonly unknown[]) {
    super();
  }

  override difference(actual: unknown, path: string): string | undefined {
    if (!Array.isArray(actual)) return `${at(path)} is ${show(actual)}, not a list`;
    let next = 0;
    for (const expected of this.elements) {
      const reasons: string[] = [];
      let found = -1;
      for (let index = next; index < actual.length && found < 0; index += 1) {
        const reason = difference(actual[index], expected, `${path}[${index}]`);
        if (reason === undefined) found = index;
        else reasons.push(reason);
      }
      if (found < 0)
        return `${at(path)} has no element like ${show(expected)}: ${reasons.join("; ") || "none is left"}`;
      next = found + 1;
    }
    return undefined;
  }
}

/**
 * Where a value differs from what was expected of it: objects may hold more than was expected, lists must be as long, and a {@link Match} says itself.
 *
 * @returns the first difference in words, or undefined
 */
export function difference(actual: unknown, expected: unknown, path = ""): string | undefined {
  if (expected instanceof Match) return expected.difference(actual, path);
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return `${at(path)} is ${show(actual)}, not a list`;
    if (actual.length !== expected.length)
      return `${at(path)} has ${counted(actual.length)}${namesIn(actual)}, not ${expected.length}; Match.arrayWith([…]) takes a part of a list`;
    return first(expected.keys(), (index) => difference(actual[index], expected[index], `${path}[${index}]`));
  }
  if (isObject(expected)) {
    if (!isObject(actual)) return `${at(path)} is ${show(actual)}, not an object`;
    return first(Object.entries(expected), ([key, value]) => difference(actual[key], value, below(path, key)));
  }
  return Object.is(actual, expected) ? undefined : `${at(path)} is ${show(actual)}, not ${show(expected)}`;
}

/** The first property that an object has, and that was not expected. */
function extra(actual: unknown, expected: unknown, path: string): string | undefined {
  if (expected instanceof Match) return undefined;
  if (Array.isArray(expected) && Array.isArray(actual))
    return first(expected.keys(), (index) => extra(actual[index], expected[index], `${path}[${index}]`));
  if (!isObject(expected) || !isObject(actual)) return undefined;
  return first(Object.entries(actual), ([key, value]) =>
    Object.hasOwn(expected, key)
      ? extra(value, expected[key], below(path, key))
      : `${below(path, key)} is ${show(value)}, and should be absent`,
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function first<T>(items: Iterable<T>, find: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function below(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

function at(path: string): string {
  return path === "" ? "it" : path;
}

function counted(elements: number): string {
  return elements === 1 ? "1 element" : `${elements} elements`;
}

/** What the elements of a list are called, as groups, tasks and services are. */
function namesIn(list: readonly unknown[]): string {
  const names = list.map((each) => (isObject(each) ? (each.Name ?? each.Label) : undefined));
  return names.length > 0 && names.every((name) => typeof name === "string") ? ` (${names.join(", ")})` : "";
}

/** So many characters of a value are shown. */
const MOST = 200;

function show(value: unknown): string {
  if (value === undefined) return "absent";
  const text = JSON.stringify(value, (_key, each: unknown) => (each instanceof Match ? "…" : each)) ?? String(value);
  return text.length > MOST ? `${text.slice(0, MOST)}…` : text;
}
