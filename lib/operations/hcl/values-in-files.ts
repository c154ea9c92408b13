import { basename } from "node:path";
import { readSource } from "../../hcl-source";
import type { GivenValue } from "./problems";

/** The texts and numbers that a file of values holds, wherever they stand: enough to keep them out of messages. */
export function valuesInFile(path: string, text: string): readonly GivenValue[] {
  const name = `a value of ${basename(path)}`;
  const words = [...text.matchAll(/[^\s"'=,:[\]{}()]{4,}/g)].map(([word]) => word);
  const names = new Set([...text.matchAll(/^[ \t]*"?([\w-]+)"?[ \t]*[=:]/gm)].map(([, key]) => key));
  return [...new Set([...textsIn(text), ...words])]
    .filter((value) => !names.has(value))
    .map((value) => ({ name, value }));
}

/** What the declarations of a job's variables give them by default, as a file of values would hold it. */
export function valuesInDeclarations(hcl: string): readonly GivenValue[] {
  const lines = hcl.split("\n");
  const { blocks } = readSource(hcl);
  return blocks.flatMap(({ name, labels, line }, index) => {
    if (name !== "variable" && name !== "variables") return [];
    const text = lines.slice(line - 1, (blocks[index + 1]?.line ?? lines.length + 1) - 1).join("\n");
    const from = name === "variable" ? text.search(/\bdefault\s*=/) : 0;
    const called = name === "variable" ? `the default of ${labels[0] ?? ""}` : "a default";
    return from < 0 ? [] : textsIn(text.slice(from)).map((value) => ({ name: called, value }));
  });
}

function textsIn(text: string): readonly string[] {
  // One that is not closed is read to its end as well, so that no part of it is looked at from each of its quotes.
  return [...text.matchAll(/"([^"\\]*(?:\\.[^"\\]*)*)("?)/g)].flatMap(([whole, inner = "", end]) =>
    end === "" ? [] : [unescaped(whole) ?? inner],
  );
}

function unescaped(quoted: string): string | undefined {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return undefined;
  }
}
