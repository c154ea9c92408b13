/** Longer texts are read anew. */
const LONGEST = 20_000;
/** So many texts, and so many of their characters, are remembered as the newest, and once more as those before: a few megabytes at most. */
const [MOST, MOST_CHARACTERS] = [8000, 1_000_000];

/**
 * The same function of a text, which remembers what it found. The names in a job and what stands under them are judged over and over: one with
 * unknown values is judged some fifty times, with a few of its texts changed, and every answer of a server has the same names.
 */
export function remembering<T>(find: (text: string) => T): (text: string) => T {
  let newest = new Map<string, T>();
  let before = new Map<string, T>();
  let characters = 0;
  return (text) => {
    if (text.length > LONGEST) return find(text);
    const known = newest.get(text);
    if (known !== undefined) return known;
    const found = before.get(text) ?? find(text);
    if (newest.size >= MOST || characters >= MOST_CHARACTERS) {
      before = newest;
      newest = new Map();
      characters = 0;
    }
    newest.set(text, found);
    characters += text.length;
    return found;
  };
}
