/**
 * Where a value differs from what was expected of it: objects may hold more than was expected, lists must be as long.
 *
 * @returns the first difference in words, or undefined
 */
export function difference(actual: unknown, expected: unknown, path = ""): string | undefined {
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return `${at(path)} is ${show(actual)}, not a list`;
    if (actual.length !== expected.length) return `${at(path)} has ${actual.length} elements, not ${expected.length}`;
    return first(expected.keys(), (index) => difference(actual[index], expected[index], `${path}[${index}]`));
  }
  if (typeof expected === "object" && expected !== null) {
    if (typeof actual !== "object" || actual === null || Array.isArray(actual))
      return `${at(path)} is ${show(actual)}, not an object`;
    const held = actual as Record<string, unknown>;
    return first(Object.entries(expected), ([key, value]) =>
      difference(held[key], value, path === "" ? key : `${path}.${key}`),
    );
  }
  return Object.is(actual, expected) ? undefined : `${at(path)} is ${show(actual)}, not ${show(expected)}`;
}

function first<T>(items: Iterable<T>, find: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function at(path: string): string {
  return path === "" ? "it" : path;
}

function show(value: unknown): string {
  return value === undefined ? "absent" : JSON.stringify(value);
}
