/**
 * TypeScript that is written. A text becomes part of it only as what it is meant to be: a string, a key, a comment, a module's name. The
 * parts of a template are ours, and what is interpolated is already TypeScript, which the types hold.
 */
export class TypeScriptText {
  /**
   * @internal Only in this file. Long strings stand between two {@link LONG}.
   *
   * @param behind a comment that stands behind it on its line, where it is an element of something
   */
  constructor(
    readonly text: string,
    readonly behind = "",
  ) {}
}

/** What no written text holds, since no control is written as it is. Between two of these stands a string that is long. */
export const LONG = "\0";
/** From this length on, a string is long: whoever formats the program need not read it. */
const LONG_FROM = 1_000;

/**
 * TypeScript of our own words around parts that are TypeScript. A bare string is refused by the type.
 *
 * @example ts`export const ${name} = ${expression};\n`
 */
export function ts(literals: TemplateStringsArray, ...parts: readonly TypeScriptText[]): TypeScriptText {
  return new TypeScriptText(literals.map((own, index) => own + (parts[index]?.text ?? "")).join(""));
}

/** Parts with something of ours between them. */
export function joined(parts: readonly TypeScriptText[], separator: TypeScriptText): TypeScriptText {
  return new TypeScriptText(parts.map(({ text }) => text).join(separator.text));
}

/** Whether nothing is written. */
function isNothing({ text }: TypeScriptText): boolean {
  return text === "";
}

/**
 * A name of a class, of a method or of a variable.
 *
 * @throws TypeError for what is no identifier
 */
export function identifier(name: string): TypeScriptText {
  if (!/^[A-Za-z_$][\w$]*$/.test(name)) throw new TypeError(`"${name}" is not an identifier`);
  return new TypeScriptText(name);
}

/** The name of a property. One that would set the prototype is computed, so that it is data. */
function key(name: string): TypeScriptText {
  if (name === "__proto__") return new TypeScriptText('["__proto__"]');
  return /^[A-Za-z_$][\w$]*$/.test(name) ? new TypeScriptText(name) : quoted(name);
}

/** What an editor or a compiler would not show as it is: controls, formats such as bidi, separators of lines, half characters. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}](?<![\u200c\u200d])/u;
const ALL_UNSEEN = new RegExp(UNSEEN, "gu");

/** A string in quotes, in which whatever is not seen is written as an escape. */
export function quoted(value: string): TypeScriptText {
  return new TypeScriptText(JSON.stringify(value).replaceAll(ALL_UNSEEN, escaped));
}

/** A string: over several lines where it has them, and all of them can be seen. */
export function string(value: string): TypeScriptText {
  const { text } = isOverLines(value) ? new TypeScriptText(`\`${inBackticks(value)}\``) : quoted(value);
  return new TypeScriptText(text.length < LONG_FROM ? text : LONG + text + LONG);
}

/** A text with expressions in it. */
export function template(parts: readonly (string | TypeScriptText)[]): TypeScriptText {
  const written = parts.map((part) =>
    typeof part === "string" ? inBackticks(part).replaceAll(HIDDEN, escaped) : `\${${part.text.replaceAll(LONG, "")}}`,
  );
  const text = `\`${written.join("")}\``;
  return new TypeScriptText(text.length < LONG_FROM ? text : LONG + text + LONG);
}

/** What is not seen, but for the ends of lines and tabs. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}](?<![\u200c\u200d\n\t])/gu;

/** Whether a text is written over its lines. Lines that end as on Windows are lines too. */
function isOverLines(value: string): boolean {
  return /\n./s.test(value) && !UNSEEN.test(value.replaceAll("\r\n", "\n").replaceAll(/[\n\t]/g, ""));
}

function inBackticks(value: string): string {
  return value.replaceAll(/[\\`]|\$\{/g, "\\$&").replaceAll("\r", "\\r");
}

function escaped(sign: string): string {
  return sign.replaceAll(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A number that is finite. */
export function number(value: number): TypeScriptText {
  if (!Number.isFinite(value)) throw new TypeError(`${value} is not written as a number`);
  return new TypeScriptText(Object.is(value, -0) ? "-0" : String(value));
}

/** JSON: keys without quotes where they need none. */
export function json(value: unknown): TypeScriptText {
  if (typeof value === "string") return string(value);
  if (typeof value === "number") return number(value);
  if (typeof value === "boolean") return new TypeScriptText(String(value));
  if (value === null || value === undefined) return new TypeScriptText(String(value));
  if (Array.isArray(value)) return list(value.map(json));
  if (typeof value !== "object") throw new TypeError(`a ${typeof value} is not JSON`);
  return object(
    Object.entries(value).flatMap(([name, item]) => (item === undefined ? [] : [property(name, json(item))])),
  );
}

/** A list of expressions, with comments behind the last of them. */
export function list(items: readonly TypeScriptText[], atEnd: readonly string[] = []): TypeScriptText {
  return ts`[${separated(items)}${lineComments(atEnd)}]`;
}

/** An object of properties, with comments behind the last of them. */
export function object(properties: readonly TypeScriptText[], atEnd: readonly string[] = []): TypeScriptText {
  return ts`{ ${separated(properties)}${lineComments(atEnd)} }`;
}

/** Elements with commas behind them, and behind those the comments that stand on their lines. */
function separated(items: readonly TypeScriptText[]): TypeScriptText {
  return new TypeScriptText(items.map(({ text, behind }) => `${text}, ${behind}`).join(""));
}

/** An element with comments: before it, each on a line of its own, and behind it on its line where there is one short one. */
export function commented(
  { text }: TypeScriptText,
  before: readonly string[],
  behind: readonly string[],
): TypeScriptText {
  const fits = behind.length === 1 && (behind[0] ?? "").length <= LONGEST_BEHIND;
  const above = lineComments(fits ? before : [...before, ...behind]);
  return new TypeScriptText(above.text + text, fits ? comments(behind).text : "");
}

/** A comment that is longer stands before what it is about. */
const LONGEST_BEHIND = 80;

/** Comments on lines of their own, wherever they stand. */
export function lineComments(texts: readonly string[]): TypeScriptText {
  const lines = comments(texts);
  return isNothing(lines) ? lines : ts`\n${lines}`;
}

/** A property of an object: its name alone where its value is the variable of that name. */
export function property(name: string, value: TypeScriptText): TypeScriptText {
  return value.text === name ? value : ts`${key(name)}: ${value}`;
}

/** What a compiler or a linter would take for an order to itself. */
const ORDER = /^\s*(?=@ts-|(?:prettier|eslint|tslint|biome|deno|oxlint)\b)/;

/** Comments, a line for each of theirs, wherever TypeScript or an editor ends a line; the last ends with a line break. */
export function comments(texts: readonly string[]): TypeScriptText {
  const lines = texts.flatMap((text) => text.split(/\r\n|[\n\r\u2028\u2029]/));
  const written = lines.map((line) => {
    const shown = line.replaceAll("\t", " ").replaceAll(ALL_UNSEEN, escaped).replace(ORDER, "$&\\");
    return `// ${shown}`.trimEnd() + "\n";
  });
  return new TypeScriptText(written.join(""));
}
