import { distance } from "fastest-levenshtein";

/**
 * The name that was meant, as far as anybody can tell: one that differs by a few letters, else one that begins alike. Undefined where none is near.
 *
 * @param spellings other ways in which a name may be written. Default: none
 */
export function nearestOf(
  name: string,
  known: readonly string[],
  spellings: (name: string) => readonly string[] = () => [],
): string | undefined {
  if (name === "") return undefined;
  const all = (each: string) => [each, ...spellings(each)].map((one) => one.toLowerCase().replaceAll("_", ""));
  const own = all(name);
  const far = (each: string) => Math.min(...all(each).flatMap((other) => own.map((one) => distance(one, other))));
  const few = name.length > 2 ? Math.max(2, Math.floor(name.length / 3)) : 1;
  const near = known.filter((each) => far(each) <= few && far(each) < Math.min(name.length, each.length));
  const beginning = known.filter((each) => name.length > 2 && (each.startsWith(name) || name.startsWith(each)));
  return (near.length > 0 ? near : beginning).sort((a, b) => far(a) - far(b))[0];
}
