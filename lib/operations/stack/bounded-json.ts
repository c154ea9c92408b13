import { UserError } from "../../errors";
import { jsonDepth } from "../../jobspec/host";

/**
 * Reads JSON whose depth is known before it is read, so that nothing that walks through the value runs out of stack.
 *
 * @param place what is named where it is refused
 * @throws UserError where it is no JSON, is nested deeper than that, or has a key `__proto__`, which no program means
 */
export function parseJson(text: string, depth: number, place: string): unknown {
  if (jsonDepth(text) > depth) throw UserError.at(place, `is nested more than ${depth} deep`, "synthesized");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw UserError.at(place, "is no JSON", "synthesized");
  }
  if (text.includes("__proto__") || text.includes("\\u")) refusePrototypes(value, place);
  return value;
}

function refusePrototypes(value: unknown, place: string): void {
  const open: unknown[] = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next !== "object" || next === null) continue;
    if (Object.hasOwn(next, "__proto__")) throw UserError.at(place, 'has a key "__proto__"; remove it', "synthesized");
    for (const inner of Object.values(next)) if (typeof inner === "object" && inner !== null) open.push(inner);
  }
}
