/** What a template reads of Consul's KV store, or of Nomad's variables, whose paths are keys here. */
export interface TemplateRead {
  /**
   * `value`: a key, for which the template waits where it is not there; `optional`: a key that need not be there; `existence`: only whether it is there;
   * `children`: the keys right below a prefix; `tree`: all keys below it.
   */
  readonly of: "value" | "optional" | "existence" | "children" | "tree";
  /** The key or the prefix, without a slash before it; what is known of its beginning where it is not `exact`. */
  readonly path: string;
  /** Whether all of the path stands in the template. */
  readonly exact: boolean;
}

/** A task whose template reads a key of Consul, or a variable of Nomad, that changes. */
export interface TemplateReader {
  readonly job: string;
  readonly path: string;
  readonly region?: string;
  readonly namespace?: string;
  readonly group: string;
  readonly task: string;
  /**
   * What Nomad does with the task once the text of the template is another: `restart`, `signal`, `script`, `noop`. `keeps`: the key goes, for which the
   * template waits: a task that runs keeps the text that it has, and one that starts waits for the key.
   */
  readonly effect: string;
  /** The signal that the task gets. */
  readonly signal?: string;
  /** `may`: the path is computed, or the template comes with an artifact, so that the task may read another key. */
  readonly certainty: "reads" | "may";
  /** How long Nomad may wait before it does so, in milliseconds: for other changes, and by chance, so that not all restart at once. */
  readonly within: number;
}

/** The delimiters of a template's actions. */
interface Delimiters {
  readonly left: string;
  readonly right: string;
}

/** Functions of the template language that read something, with how. */
export type ReadingFunctions = ReadonlyMap<string, TemplateRead["of"]>;

/** Those that read Consul's KV store. */
export const OF_CONSUL: ReadingFunctions = new Map([
  ["key", "value"],
  ["keyOrDefault", "optional"],
  ["keyExists", "existence"],
  ["keyExistsGet", "optional"],
  ["ls", "children"],
  ["safeLs", "children"],
  ["tree", "tree"],
  ["safeTree", "tree"],
]);

/** Those that read Nomad's variables. https://developer.hashicorp.com/nomad/docs/job-specification/template#nomad-variables */
export const OF_NOMAD: ReadingFunctions = new Map([
  ["nomadVar", "value"],
  ["nomadVarExists", "existence"],
  ["nomadVarList", "tree"],
  ["nomadVarListSafe", "tree"],
]);

interface Token {
  readonly kind: "text" | "name" | "sign" | "other";
  readonly value: string;
}

/** Strings, names that are no fields and no variables, what parts commands, and anything else up to a blank. */
const TOKENS =
  /\s+|"(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:[^'\\\n]|\\.)*'|[()|,]|:?=|[.$][\w.$]*|[A-Za-z_]\w*(?:\.\w+)*|[^\s()|,"`']+|./gs;

/**
 * The keys that a template reads, as far as its text tells: a path that is computed is read as not exact.
 *
 * @param text in the language of consul-template, which is Go's
 * @param functions which count as reading. Default: those that read Consul's KV store
 * @see https://github.com/hashicorp/consul-template/blob/main/docs/templating-language.md
 */
export function templateReads(
  text: string,
  { left, right }: Delimiters,
  functions: ReadingFunctions = OF_CONSUL,
): readonly TemplateRead[] {
  return actionsOf(text, { left, right }).flatMap((action) => readsOf(tokensOf(action), functions));
}

/** What stands between the delimiters, without comments. */
function actionsOf(text: string, { left, right }: Delimiters): readonly string[] {
  const actions: string[] = [];
  for (let at = text.indexOf(left); at >= 0; at = text.indexOf(left, at)) {
    const begin = at + left.length;
    const end = endOf(text, begin, right);
    if (end < 0) break;
    const action = text.slice(begin, end).replace(/^-(?=\s)/, "");
    if (!action.trimStart().startsWith("/*")) actions.push(action);
    at = end + right.length;
  }
  return actions;
}

/** Where an action ends: a delimiter in one of its strings, or in a comment, ends nothing. */
function endOf(text: string, begin: number, right: string): number {
  const comment = /^(?:-\s)?\s*\/\*/.exec(text.slice(begin, begin + 100));
  if (comment) {
    const close = text.indexOf("*/", begin + comment[0].length);
    return close < 0 ? -1 : text.indexOf(right, close);
  }
  let quote = "";
  for (let at = begin; at < text.length; at += 1) {
    const sign = text[at] as string;
    if (quote !== "") {
      if (sign === "\\" && quote !== "`") at += 1;
      else if (sign === quote) quote = "";
    } else if (text.startsWith(right, at)) return at;
    else if (sign === '"' || sign === "`" || sign === "'") quote = sign;
  }
  return -1;
}

function tokensOf(action: string): readonly Token[] {
  return [...action.matchAll(TOKENS)].flatMap(([part]): readonly Token[] => {
    if (part.trim() === "") return [];
    const literal = literalOf(part);
    if (literal !== undefined) return [{ kind: "text", value: literal }];
    if (/^[()|]$/.test(part)) return [{ kind: "sign", value: part }];
    return [{ kind: /^[A-Za-z_]\w*$/.test(part) ? "name" : "other", value: part }];
  });
}

/** A string of Go's; one with escapes that JSON has not is no literal. */
function literalOf(part: string): string | undefined {
  if (part.length < 2) return undefined;
  if (part.startsWith("`")) return part.slice(1, -1);
  if (!part.startsWith('"')) return undefined;
  try {
    return String(JSON.parse(part));
  } catch {
    return undefined;
  }
}

function readsOf(tokens: readonly Token[], functions: ReadingFunctions): readonly TemplateRead[] {
  return tokens.flatMap((token, index) => {
    const of = token.kind === "name" ? functions.get(token.value) : undefined;
    return of === undefined ? [] : [{ of, ...pathOf(tokens, index) }];
  });
}

/** The first argument of a call; what is piped into it where it has none of its own. */
function pathOf(tokens: readonly Token[], index: number): Pick<TemplateRead, "path" | "exact"> {
  const next = tokens[index + 1];
  if (next?.kind === "text") return known(next.value);
  if (next?.value === "(" && next.kind === "sign") return printed(tokens, index + 2);
  if (next && !(next.kind === "sign" && (next.value === "|" || next.value === ")"))) return UNKNOWN;
  const isPiped = tokens[index - 1]?.kind === "sign" && tokens[index - 1]?.value === "|";
  if (!isPiped) return UNKNOWN;
  const begin = tokens.slice(0, index - 1).findLastIndex(({ kind, value }) => beginsCommand(kind, value)) + 1;
  const [first] = tokens.slice(begin, index - 1);
  if (first?.kind === "text" && begin === index - 2) return known(first.value);
  return printed(tokens, begin);
}

function beginsCommand(kind: Token["kind"], value: string): boolean {
  return (kind === "sign" && value !== ")") || (kind === "name" && KEYWORDS.has(value)) || /^:?=$/.test(value);
}

const KEYWORDS: ReadonlySet<string> = new Set(["if", "with", "range", "else"]);
const UNKNOWN = { path: "", exact: false };

/** A path that is put together: what stands before the first verb is its beginning. */
function printed(tokens: readonly Token[], at: number): Pick<TemplateRead, "path" | "exact"> {
  const [name, format, after] = tokens.slice(at, at + 3);
  if (name?.kind === "text" && format?.kind === "sign" && format.value === ")") return known(name.value);
  if (name?.value !== "printf" || format?.kind !== "text" || after === undefined) return UNKNOWN;
  return { path: known(format.value.replace(/%.*$/s, "")).path, exact: false };
}

/** A path as consul-template reads it; of another datacenter or namespace it may be another cluster's. */
function known(text: string): Pick<TemplateRead, "path" | "exact"> {
  const bare = text.replace(/^\//, "");
  const path = bare.replace(/[?@].*$/s, "");
  return { path, exact: path === bare };
}
