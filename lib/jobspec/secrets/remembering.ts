/** Longer texts are read anew. */
const LONGEST = 1000;
/** After so many, it begins anew: what is remembered is a few megabytes at most. */
const MOST = 2000;

/**
 * The same function of a text, which remembers what it found. The names in a job and what stands under them are judged over and over: one with
 * unknown values is judged some fifty times, with a few of its texts changed, and every answer of a server has the same names.
 */
export function remembering<T>(find: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    if (text.length > LONGEST) return find(text);
    let found = known.get(text);
    if (found === undefined) {
      found = find(text);
      if (known.size >= MOST) known.clear();
      known.set(text, found);
    }
    return found;
  };
}
