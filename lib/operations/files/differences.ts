/** Where two JSON values differ, as ways such as `TaskGroups[0].Count`; what is null counts as left out, and the order of keys for nothing. */
export function differences(left: unknown, right: unknown, way = ""): readonly string[] {
  if (Array.isArray(left) && Array.isArray(right)) {
    if (left.length !== right.length) return [way];
    return left.flatMap((item, index) => differences(item, right[index], `${way}[${index}]`));
  }
  if (isObject(left) && isObject(right)) {
    const keys = [...new Set([...Object.keys(left), ...Object.keys(right)])].sort();
    return keys.flatMap((key) => differences(left[key], right[key], way === "" ? key : `${way}.${key}`));
  }
  return (left ?? null) === (right ?? null) ? [] : [way];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
