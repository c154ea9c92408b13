import { nearestOf as nearest } from "../../jobspec/host";

/** Names that are listed at most, so that a message stays on a screen. */
const LISTED = 50;

/** What to write instead of a name that is not known: the nearest of those that are, where one is near, and all of them. */
export function namesToWrite(name: string, known: readonly string[], none = "(there is none)"): string {
  const names = [...new Set(known)];
  if (names.length === 0) return `write one of ${none}`;
  const near = nearestOf(name, names);
  const others = names.filter((each) => each !== near);
  const more = others.length > LISTED ? ` and ${others.length - LISTED} more` : "";
  const list = `${others.slice(0, LISTED).join(", ")}${more}`;
  if (near === undefined) return `write one of ${list}`;
  return others.length === 0 ? `write ${near}` : `write ${near}, or one of ${list}`;
}

/** The name that was meant, as far as anybody can tell: one that begins alike, or that differs by a few letters. */
export function nearestOf(name: string, names: readonly string[]): string | undefined {
  // The mark of a pool's generation is nothing that somebody remembers, and one that is remembered may be of an older one.
  return nearest(name, names, (each) => [each.replace(/-[0-9a-f]{8}$/, "")]);
}
