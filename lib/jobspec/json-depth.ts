/** How deep the brackets of a JSON text are nested. */
export function jsonDepth(text: string): number {
  return jsonExtent(text).depth;
}

/**
 * How deep the brackets of a JSON text are nested, and how many values it has at most, before any of them is made: a value takes two bytes of text, and tens of bytes of memory. Linear, and
 * without recursion.
 */
export function jsonExtent(text: string): { readonly depth: number; readonly values: number } {
  let depth = 0;
  let deepest = 0;
  let values = 1;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      for (at += 1; at < text.length && text.charCodeAt(at) !== QUOTE; at += 1)
        if (text.charCodeAt(at) === BACKSLASH) at += 1;
    } else if (code === BRACKET || code === BRACE) {
      depth += 1;
      values += 1;
      if (depth > deepest) deepest = depth;
    } else if (code === BRACKET + 2 || code === BRACE + 2) depth -= 1;
    else if (code === COMMA) values += 1;
  }
  return { depth: deepest, values };
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
// The closing ones stand two after them.
const BRACKET = 0x5b;
const BRACE = 0x7b;
