/** Where two values differ, with both. */
export function differences(ours: unknown, theirs: unknown, at = ""): readonly string[] {
  if (JSON.stringify(ours) === JSON.stringify(theirs)) return [];
  if (!isBranch(ours) || !isBranch(theirs) || Array.isArray(ours) !== Array.isArray(theirs))
    return [`${at}: ${JSON.stringify(ours)} is ${JSON.stringify(theirs)}`];
  const keys = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
  return [...keys].flatMap((key) => differences(valueAt(ours, key), valueAt(theirs, key), `${at}.${key}`));
}

function isBranch(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function valueAt(value: object, key: string): unknown {
  return (value as Readonly<Record<string, unknown>>)[key];
}
