import { basename } from "node:path";
import type { GivenValue } from "./problems";

/** The texts and numbers that a file of values holds, wherever they stand: enough to keep them out of messages. */
export function valuesInFile(path: string, text: string): readonly GivenValue[] {
  const name = `a value of ${basename(path)}`;
  const quoted = [...text.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([whole, inner = ""]) => unescaped(whole) ?? inner);
  const words = [...text.matchAll(/[^\s"'=,:[\]{}()]{4,}/g)].map(([word]) => word);
  const names = new Set([...text.matchAll(/^\s*"?([\w-]+)"?\s*[=:]/gm)].map(([, key]) => key));
  return [...new Set([...quoted, ...words])].filter((value) => !names.has(value)).map((value) => ({ name, value }));
}

function unescaped(quoted: string): string | undefined {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return undefined;
  }
}
