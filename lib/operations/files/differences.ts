/** A place at which two JSON values differ, such as `TaskGroups[0].Count`, and what stands there in each. */
export interface Difference {
  readonly way: string;
  readonly left: unknown;
  readonly right: unknown;
}

/** Where two JSON values differ. What is null counts as left out; the order of keys counts for nothing. */
export function differences(left: unknown, right: unknown, way = ""): readonly Difference[] {
  if (Array.isArray(left) && Array.isArray(right) && left.length === right.length)
    return left.flatMap((item, index) => differences(item, right[index], `${way}[${index}]`));
  if (isObject(left) && isObject(right)) {
    const keys = [...new Set([...Object.keys(left), ...Object.keys(right)])].sort();
    return keys.flatMap((key) => differences(left[key], right[key], way === "" ? key : `${way}.${key}`));
  }
  return (left ?? null) === (right ?? null) ? [] : [{ way, left, right }];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
