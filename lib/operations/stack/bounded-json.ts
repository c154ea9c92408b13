import { UserError } from "../../jobspec";

/**
 * Reads JSON whose depth is known before it is read, so that nothing that walks through the value runs out of stack.
 *
 * @param place what is named where it is refused
 * @throws UserError where it is no JSON, is nested deeper than that, or has a key `__proto__`, which no program means
 */
export function parseJson(text: string, depth: number, place: string): unknown {
  const found = depthOf(text);
  if (found > depth) throw UserError.at(place, `is nested more than ${depth} deep`, "synthesized");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw UserError.at(place, "is no JSON", "synthesized");
  }
  if (text.includes("__proto__") || text.includes("\\u")) refusePrototypes(value, place);
  return value;
}

/** How deep the brackets of a JSON text are nested. Linear, and without recursion. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      for (at += 1; at < text.length && text.charCodeAt(at) !== QUOTE; at += 1)
        if (text.charCodeAt(at) === BACKSLASH) at += 1;
    } else if (code === BRACKET || code === BRACE) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (code === BRACKET + 2 || code === BRACE + 2) depth -= 1;
  }
  return deepest;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
// The closing ones stand two after them.
const BRACKET = 0x5b;
const BRACE = 0x7b;

function refusePrototypes(value: unknown, place: string): void {
  const open: unknown[] = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next !== "object" || next === null) continue;
    if (Object.hasOwn(next, "__proto__")) throw UserError.at(place, 'has a key "__proto__"; remove it', "synthesized");
    for (const inner of Object.values(next)) if (typeof inner === "object" && inner !== null) open.push(inner);
  }
}
