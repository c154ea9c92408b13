import { parseTree, type Node } from "jsonc-parser";
import { UserError } from "../../errors";
import type { Answer } from "./server-answers";
import { literal, type ValueForm } from "./variables";

type Ask = (variables: string) => Promise<Answer>;

/**
 * How Nomad reads values by name of variables that the job declares. The server is asked with values that fit no text, no list and no map:
 * what it says of them tells the types.
 */
export async function valueForms(names: readonly string[], ask: Ask): Promise<ReadonlyMap<string, ValueForm>> {
  if (names.length === 0) return new Map();
  const reasons = async (value: string) => {
    const answer = await ask(names.map((name) => `${name} = ${value}\n`).join(""));
    const found = "refused" in answer ? answer.refused : [];
    return new Map(found.flatMap(({ message }) => typeReason(message)));
  };
  const [object, list] = [await reasons("{}"), await reasons("[]")];
  const bare = await ask("");
  const unset = new Set(
    ("refused" in bare ? bare.refused : []).flatMap(
      ({ message }) => /^Unset variable "(.*?)"/.exec(message)?.[1] ?? [],
    ),
  );
  return new Map(
    names.map((name) => {
      const reason = object.get(name);
      // What takes an object and a list and has no default has no type.
      const isUntyped = reason === undefined && !list.has(name) && unset.has(name);
      return [
        name,
        isUntyped || /^(?:string|number|a string|a number) /.test(reason ?? "") ? "text" : "expression",
      ] as const;
    }),
  );
}

function typeReason(message: string): readonly (readonly [string, string])[] {
  const [, name, reason = ""] =
    /The value for (\S+) is not compatible with the variable's type constraint: (.*)/s.exec(message) ?? [];
  return name === undefined ? [] : [[name, reason]];
}

/** Nomad takes no heredoc whose last mark ends the value; with a line end after it, it does. */
const ENDS_IN_HEREDOC = /<<-?([\p{ID_Start}_][\p{ID_Continue}-]*)\r?\n(?:.*\n)*[ \t]*\1[ \t]*$/u;

/** Whether a text is one expression: it is one in round and in square brackets, out of which nothing else gets in both. */
export async function isExpression(value: string, ask: Ask): Promise<boolean> {
  if (/^\s*for\b/.test(value) || ENDS_IN_HEREDOC.test(value)) return false;
  for (const [open, close] of ["()", "[]"]) {
    const answer = await ask(`cdk_nomad_expression = ${open}\n${value}\n${close}\n`);
    if ("refused" in answer && answer.refused.some(({ whole }) => whole === "values")) return false;
  }
  return true;
}

/** The values that a file sets, by name, as expressions of HCL without anything to work out. */
export async function valuesOfFile(
  { path, text }: { readonly path: string; readonly text: string },
  parse: (source: string) => Promise<Answer>,
): Promise<ReadonlyMap<string, string>> {
  if (/^ *\{/.test(text)) return valuesOfJson(path, text);
  // The lines of a file of values are the lines of an object, too; the server works it out.
  const source = `job "values" {\n  meta = { for name, value in {\n${text}\n  } : name => jsonencode(value) }\n}\n`;
  const answer = await parse(source);
  if ("refused" in answer) {
    const message =
      "sets a variable twice, or is no file of values that a server can work out; have a nomad on PATH read it";
    throw UserError.at(path, message, "hcl/parse");
  }
  return new Map(Object.entries(answer.job.Meta ?? {}).map(([name, json]) => [name, jsonToHcl(json)]));
}

function valuesOfJson(path: string, text: string): ReadonlyMap<string, string> {
  const root = parseTree(text);
  if (root?.type !== "object") throw UserError.at(path, 'is no object; write { "name": value }, or HCL', "hcl/parse");
  const found = new Map<string, string>();
  for (const { children: [key, value] = [] } of root.children ?? []) {
    if (key && value) found.set(String(key.value), jsonToHcl(rawOf(value, text)));
  }
  return found;
}

function rawOf({ offset, length }: Node, text: string): string {
  return text.slice(offset, offset + length);
}

/** JSON as an expression: only texts are written in another way. */
function jsonToHcl(json: string): string {
  return json.replaceAll(/"[^"\\]*(?:\\.[^"\\]*)*"/g, (text) => literal(JSON.parse(text) as string));
}
