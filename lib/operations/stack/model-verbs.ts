import * as jobspec from "../../jobspec";
import { nearestOf } from "./nearest";

/** The methods of the model with which something is put into a block, by the block's class. */
function verbs(): ReadonlyMap<string, readonly string[]> {
  const all = Object.entries(jobspec).flatMap(([name, value]: [string, unknown]) => {
    if (typeof value !== "function" || typeof value.prototype !== "object" || value.prototype === null) return [];
    const own = Object.getOwnPropertyNames(value.prototype).filter((each) => each.startsWith("with"));
    return own.length > 0 ? [[name, own] as const] : [];
  });
  return new Map(all);
}

/**
 * What to write instead of a method that no block has: the nearest that one has, and what else it has; "" where none is near.
 *
 * @param receiver what the program calls the block, such as `job`
 */
export function verbInstead(receiver: string, missing: string): string {
  const all = [...verbs()];
  const called = all.filter(([name]) => name.toLowerCase() === receiver.toLowerCase());
  const meant = called.length > 0 ? called : all;
  const known = [...new Set(meant.flatMap(([, own]) => own))];
  // Until blocks were values they were changed in place, by verbs of these names.
  const renamed = missing.replace(/^(?:add|set|put|append)(?=[A-Z])/, "with");
  const nearest = known.includes(renamed) ? renamed : nearestOf(renamed, known);
  const there = called.map(([name, own]) => `; ${name} has ${own.join(", ")}`).join("");
  if (nearest === undefined) return there;
  const having = meant.flatMap(([name, own]) => (own.includes(nearest) ? [name] : []));
  return `; write ${nearest}, which gives another one back${there === "" ? ` (${having.join(", ")})` : there}`;
}
