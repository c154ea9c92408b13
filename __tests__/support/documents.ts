import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The documents whose blocks are tried as they are written. */
export const DOCUMENTS = [
  "README.md",
  "docs/operating.md",
  "docs/testing.md",
  "docs/pools.md",
  "docs/github-actions.md",
  "docs/parity.md",
  "docs/benchmarks.md",
];

/** A fenced block of a document. */
export interface Block {
  readonly document: string;
  readonly line: number;
  /** `ts`, `sh`, …; empty where none is said: a sample of output. */
  readonly language: string;
  readonly text: string;
}

/** Every fenced block of a document. */
export function blocksOf(document: string): readonly Block[] {
  const text = readFileSync(join(__dirname, "../..", document), "utf8");
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map((match) => ({
    document,
    line: text.slice(0, match.index).split("\n").length,
    language: match[1] ?? "",
    text: match[2] ?? "",
  }));
}

/** The commands of a block of shell, without their comments. */
export function commandsOf({ text }: Block): readonly string[] {
  return text
    .split("\n")
    .map((line) => line.replace(/(^|\s)#.*$/, "").trim())
    .filter((line) => line !== "");
}

/** What a line of sample output looks like: any number for a number, any room for room between words. */
export function shapeOf(line: string): RegExp {
  const words = line
    .trim()
    .split(/\s+/)
    .map((word) => word.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll(/\d+/g, "\\d+"));
  return new RegExp(words.join("\\s+"));
}
