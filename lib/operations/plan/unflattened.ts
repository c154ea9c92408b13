import type { FieldDiff } from "../../nomad";

/** What is nested deeper is left as it stands. */
const DEEPEST = 20;

/**
 * One side of a diff's fields as the data that Nomad made them of: `args[0]`, `auth[0][password]` and `Env[LEVEL]` are lists and maps again.
 * Keys of maps that are numbers only become lists, which nobody sees.
 */
export function unflattened(fields: readonly FieldDiff[], side: "Old" | "New"): unknown {
  const root = new Map<string, unknown>();
  for (const field of fields) {
    const value = field[side];
    if (value === "") continue;
    const steps = stepsOf(field.Name);
    let at = root;
    for (const step of steps.slice(0, -1)) {
      const next = at.get(step);
      const inside = next instanceof Map ? (next as Map<string, unknown>) : new Map<string, unknown>();
      at.set(step, inside);
      at = inside;
    }
    at.set(steps.at(-1) ?? "", value);
  }
  return plain(root);
}

/** `auth[0][password]` has three steps. */
function stepsOf(name: string): readonly string[] {
  const at = name.indexOf("[");
  if (at <= 0 || !name.endsWith("]")) return [name];
  const inside = name.slice(at + 1, -1).split("][");
  return inside.length > DEEPEST ? [name] : [name.slice(0, at), ...inside];
}

function plain(value: unknown): unknown {
  if (!(value instanceof Map)) return value;
  const entries = [...(value as Map<string, unknown>)].map(([key, inside]) => [key, plain(inside)] as const);
  const isList = entries.length > 0 && entries.every(([key]) => /^\d{1,6}$/.test(key));
  if (!isList) return Object.fromEntries(entries);
  return entries.sort(([a], [b]) => Number(a) - Number(b)).map(([, inside]) => inside);
}
