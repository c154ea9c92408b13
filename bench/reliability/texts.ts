import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { hostile } from "../../__tests__/support/hostile";
import { compiled } from "../../__tests__/support/compiled";
import { markdownReader } from "../../__tests__/support/markdown";
import { runnerCommands } from "../../__tests__/support/runner-grammar";
import { ACTS, jobOf, MARKDOWN_WAYS, OWN_CODES, terminalWays } from "../../__tests__/support/written";
import { Job } from "../../lib";
import { apiPath } from "../../lib/nomad";
import { join, jsonText, renderMarkdown, renderTerminal, shellWord, term, workflowCommand } from "../../lib/text";
import { toTypeScript } from "../../lib/typescript";
import type { Figure } from "../synthesis";

const plain = { color: false, mask: (text: string) => text };

/** How many of these texts changed the structure of what was written in a language, held against that language's own parser. */
type Language = (texts: readonly string[]) => Promise<number> | number;

/** Hostile texts, written into every language. Each language counts those that changed more than a text. */
export async function measureTexts(count: number, parse: ((hcl: string) => object) | undefined): Promise<Figure[]> {
  const texts = fc.sample(hostile, count);
  const languages: [string, Language][] = [
    ["a terminal", (all) => all.filter(changesTerminal).length],
    ["JSON on stdout", (all) => all.filter(changesJson).length],
    ["GitHub's Markdown", changedMarkdown],
    ["the runner's commands", (all) => all.filter(changesCommand).length],
    ["a shell", (all) => inParts(all, 500, changedWords)],
    ["TypeScript", (all) => inParts(all, 21, changedModule)],
    ["the path of a URL", (all) => all.filter(changesPath).length],
    ...(parse ? [["HCL", (all) => inParts(all, 400, (part) => changedHcl(part, parse))] as [string, Language]] : []),
  ];
  const figures: Figure[] = [];
  for (const [name, changed] of languages) {
    const value = await changed(texts);
    figures.push({
      what: `hostile texts that change the structure of ${name}`,
      value: `${value} of ${count}`,
      goal: "0",
      reached: value === 0,
    });
  }
  return figures;
}

async function inParts(
  texts: readonly string[],
  size: number,
  changed: (part: readonly string[]) => Promise<number> | number,
): Promise<number> {
  let total = 0;
  for (let at = 0; at < texts.length; at += size) total += await changed(texts.slice(at, at + size));
  return total;
}

function changesTerminal(text: string): boolean {
  return [false, true].some((color) => {
    const rendered = renderTerminal(terminalWays(text), { ...plain, color });
    return ACTS.test(rendered.replaceAll(OWN_CODES, "")) || runnerCommands(rendered).length > 0;
  });
}

function changesJson(text: string): boolean {
  const value = { [text]: [text] };
  const rendered = renderTerminal(jsonText(value), plain);
  const same = JSON.stringify(JSON.parse(rendered)) === JSON.stringify(value);
  return !same || ACTS.test(rendered) || runnerCommands(rendered).length > 0;
}

async function changedMarkdown(texts: readonly string[]): Promise<number> {
  const read = await markdownReader();
  const ways = Object.values(MARKDOWN_WAYS).map((write) => {
    const shape = (text: string) => read(renderMarkdown(write(text), plain)).shape;
    return { shape, meant: shape("word") };
  });
  // A word before it, since a text of which nothing is seen has no place in the tree.
  return texts.filter((text) => ways.some(({ shape, meant }) => shape(`a ${text}`) !== meant)).length;
}

function changesCommand(text: string): boolean {
  const [found, ...more] = runnerCommands(renderTerminal(workflowCommand("error", { title: text }, text), plain));
  const title = text.toWellFormed().replace(/^=+/, "");
  return more.length > 0 || found?.data !== text.toWellFormed() || (found.properties.get("title") ?? "") !== title;
}

function changedWords(texts: readonly string[]): number {
  const words = texts.map((text) => text.replaceAll("\0", "").toWellFormed());
  const script = renderTerminal(term`printf '%s\\0' ${join(words.map(shellWord), term` `)}`, plain);
  const printed = execFileSync("bash", ["-s"], { input: script, encoding: "utf8" }).split("\0");
  return words.filter((word, index) => printed[index] !== word).length + runnerCommands(script).length;
}

async function changedModule(texts: readonly string[]): Promise<number> {
  const write = async (at: (place: number) => string) => compiled(await toTypeScript([{ job: jobOf(at) }])).code;
  const meant = await write((place) => `w${place}`);
  const found = await write((place) => `w${place}${texts[place] ?? ""}`);
  return found === meant ? 0 : texts.length;
}

function changesPath(text: string): boolean {
  let path: string;
  try {
    path = apiPath`/v1/job/${text}/plan`.toString();
  } catch {
    // What is refused is not written: a name that is empty, no Unicode, or has a step "." or "..".
    return text !== "" && text.isWellFormed() && !/(^|[/\\])\.\.?([/\\]|$)/.test(text);
  }
  const segments = new URL(path, "http://127.0.0.1").pathname.split("/");
  return segments.length !== 5 || decodeURIComponent(segments[3] ?? "") !== text.toWellFormed();
}

function changedHcl(texts: readonly string[], parse: (hcl: string) => object): number {
  const wanted = texts.map((text) => text.toWellFormed().normalize("NFC"));
  const Tasks = wanted.map((text, index) => ({
    Name: `${index}${text}`,
    Driver: "mine",
    Config: { a: text, b: [text], c: [{ d: { [text]: `${text}\n${text}\n` } }] },
    Env: { [text]: text },
  }));
  const read = parse(Job.fromApi({ ID: "j", TaskGroups: [{ Name: "g", Tasks }] }).toHcl());
  const found = (read as { readonly TaskGroups: readonly [{ readonly Tasks: readonly Record<string, unknown>[] }] })
    .TaskGroups[0].Tasks;
  return Tasks.filter((task, index) => {
    const { Name, Driver, Config, Env } = found[index] ?? {};
    return JSON.stringify(sorted({ Name, Driver, Config, Env })) !== JSON.stringify(sorted(task));
  }).length;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => [key, sorted(item)]);
}
