/** Whether a version, such as `1.11`, is another or a later one. */
export function isAtLeast(version: string, other: string): boolean {
  return version === other || compareVersions(version, other) >= 0;
}

/** Orders versions such as `1.8` and `1.11`. */
function compareVersions(a: string, b: string): number {
  const [x, y] = [a, b].map((version) => version.split(".").map(Number));
  for (let index = 0; index < Math.max(x?.length ?? 0, y?.length ?? 0); index += 1) {
    const difference = (x?.[index] ?? 0) - (y?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
