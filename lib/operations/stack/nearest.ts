import { distance } from "fastest-levenshtein";

/** Names that are listed at most, so that a message stays on a screen. */
const LISTED = 50;

/** What to write instead of a name that is not known: the nearest of those that are, where one is near, and all of them. */
export function namesToWrite(name: string, known: readonly string[], none = "(there is none)"): string {
  const names = [...new Set(known)];
  if (names.length === 0) return `write one of ${none}`;
  const nearest = nearestOf(name, names);
  const others = names.filter((each) => each !== nearest);
  const more = others.length > LISTED ? ` and ${others.length - LISTED} more` : "";
  const list = `${others.slice(0, LISTED).join(", ")}${more}`;
  if (nearest === undefined) return `write one of ${list}`;
  return others.length === 0 ? `write ${nearest}` : `write ${nearest}, or one of ${list}`;
}

/** The name that was meant, as far as anybody can tell: one that begins alike, or that differs by a few letters. */
export function nearestOf(name: string, names: readonly string[]): string | undefined {
  if (name === "") return undefined;
  // The mark of a pool's generation is nothing that somebody remembers, and one that is remembered may be of an older one.
  const bare = (each: string) => each.replace(/-[0-9a-f]{8}$/, "");
  const far = (each: string) =>
    Math.min(
      ...[name, bare(name)].flatMap((one) =>
        [each, bare(each)].map((other) => distance(one.toLowerCase(), other.toLowerCase())),
      ),
    );
  const beginning = names.filter((each) => name.length > 2 && (each.startsWith(name) || name.startsWith(each)));
  const near = names.filter((each) => name.length > 2 && far(each) <= Math.max(2, Math.floor(name.length / 4)));
  const [nearest] = (near.length > 0 ? near : beginning).sort((a, b) => far(a) - far(b));
  return nearest;
}
