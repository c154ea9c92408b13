/** Whether a version, such as `1.11`, is another or a later one, by what stands before its patches. */
export function isAtLeast(version: string, other: string): boolean {
  return version === other || minorOf(version) >= minorOf(other);
}

/** A number for each minor release, in their order. */
function minorOf(version: string): number {
  const [major = "0", minor = "0"] = version.split(".", 2);
  return Number(major) * 1000 + Number(minor);
}

/** Whether something that came with one release and went with another is there in a version. */
export function holds(
  version: string,
  { since, until }: { readonly since?: string; readonly until?: string },
): boolean {
  return (since === undefined || isAtLeast(version, since)) && (until === undefined || !isAtLeast(version, until));
}
