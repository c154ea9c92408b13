import {
  readExpression,
  referencesIn,
  type Expression,
  type Range,
  type Source,
  type SourceBlock,
} from "../hcl-source";
import { Cpu, Duration, Memory } from "../jobspec";
import { identifier, ts, type TypeScriptText } from "./code";
import { declaredIn, typeOf, type Declared } from "./declarations";
import { evaluate, variableNameOf, type Plain } from "./evaluate";
import type { Origin } from "./origin";
import { translate, type Translated } from "./translate";
import type { Uses } from "./values";

/** A place of the job whose value is written with a variable or a local. */
interface Place {
  readonly expression: Expression;
  readonly range: Range;
  readonly value: unknown;
}

/** What a function has that makes a job: each in the order in which it is declared. */
export interface Signature {
  /** Variables that may be set. */
  readonly parameters: readonly Declared[];
  /** Variables and locals of which only the value is known, for those places that can be written with them. */
  readonly constants: readonly Declared[];
  /** Locals as they are made, each behind those that it is made of. */
  readonly locals: readonly Declared[];
  /** Names of the file that stand in places which are written as their values. */
  readonly values: readonly string[];
}

/**
 * The variables and locals of a text of HCL as parameters of a function. A variable becomes one only where everything that depends on it can be
 * written with it, so that the function makes the job which Nomad makes of the file for all values; else its value is written.
 *
 * It is used in two passes: in the first it is told each place of the job, then `decide` says what becomes of the variables, and in the second
 * it gives what is written in each place.
 */
export class Parameters {
  readonly #declared: ReadonlyMap<string, Declared>;
  readonly #values = new Map<string, Plain | undefined>();
  readonly #types = new Map<string, Translated["type"] | undefined>();
  readonly #places: Place[] = [];
  #signature: Signature | undefined;
  #names: ReadonlyMap<string, string> = new Map();

  constructor(
    private readonly source: Source,
    given: Readonly<Record<string, unknown>> = {},
  ) {
    this.#declared = declaredIn(source, given);
  }

  /** Whether there is anything that could be a parameter. */
  get isEmpty(): boolean {
    return this.#declared.size === 0;
  }

  /** Whether an expression is written with a variable or a local. */
  dependsOn(origin: Origin | undefined): boolean {
    return origin?.kind === "expression" && namesIn(origin.expression).length > 0;
  }

  /** What is written for a value that was written as this; undefined where the value itself is. */
  written(origin: Origin | undefined, value: unknown, uses: Uses): TypeScriptText | undefined {
    if (origin?.kind !== "expression" || isLiteralList(origin.expression) || !this.dependsOn(origin)) return undefined;
    const place = { expression: origin.expression, range: origin.range, value };
    if (!this.#signature) this.#places.push(place);
    if (!this.#signature || this.#signature.parameters.length === 0 || !this.isExact(place)) return undefined;
    const translated = translate(place.expression, this.source.text, (name) => this.reference(name));
    return translated && converted(translated, value, uses);
  }

  /** The expression of a place that is written as its value, in a line; undefined where it is written with its variables. */
  lost(origin: Origin | undefined, value: unknown): string | undefined {
    if (origin?.kind !== "expression" || isLiteralList(origin.expression) || !this.dependsOn(origin)) return undefined;
    const isWritten = (this.#signature?.parameters.length ?? 0) > 0 && this.isExact({ ...origin, value });
    if (isWritten) return undefined;
    const text = this.source.text.slice(origin.range.start, origin.range.end).trim();
    const [line = ""] = text.split("\n");
    return line.length < text.length || line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
  }

  /** Decides what becomes of each variable, once every place was told. */
  decide(job: SourceBlock | undefined): Signature {
    this.infer();
    const exact = this.#places.filter((place) => this.isExact(place));
    const covered = counted(exact.flatMap(({ expression }) => namesIn(expression)));
    const all = counted(job ? namesWithin(job, this.source.text) : []);
    const lost = new Set([...all].filter(([name, count]) => (covered.get(name) ?? 0) < count).map(([name]) => name));
    for (const name of [...this.#declared.keys(), ...covered.keys()])
      if (this.typeOf(name) === undefined || this.valueOf(name) === undefined) lost.add(name);
    // What a lost local is made of cannot be set: it would not change with it.
    for (const name of lost) for (const inner of this.madeOf(name)) lost.add(inner);
    const used = new Set(exact.flatMap(({ expression }) => namesIn(expression)));
    for (const name of used) if (!lost.has(name)) for (const inner of this.madeOf(name)) used.add(inner);
    const declared = [...this.#declared.values()].filter(({ name }) => used.has(name));
    const live = declared.filter(({ name }) => !lost.has(name));
    this.#signature = {
      parameters: live.filter(({ name }) => name.startsWith("var.")),
      constants: declared
        .filter(({ name }) => lost.has(name))
        .map((each) => ({ ...each, value: this.valueOf(each.name) })),
      locals: this.inOrder(live.filter(({ name }) => name.startsWith("local."))),
      values: [...lost].filter((name) => this.#declared.has(name) && all.has(name)),
    };
    return this.#signature;
  }

  /** Tells the names that variables and locals have in the function. */
  call(names: ReadonlyMap<string, string>): void {
    this.#names = names;
  }

  /** A local as an expression. */
  localOf({ expression }: Declared): TypeScriptText | undefined {
    return expression && translate(expression, this.source.text, (name) => this.reference(name))?.text;
  }

  /** The type of a variable or a local. */
  typeOf(name: string): Translated["type"] | undefined {
    return once(this.#types, name, () => {
      const declared = this.#declared.get(name);
      if (declared?.expression === undefined) return declared?.type;
      return translate(declared.expression, this.source.text, (inner) => this.reference(inner))?.type;
    });
  }

  /** The value of a variable or a local. */
  valueOf(name: string): Plain | undefined {
    return once(this.#values, name, () => {
      const declared = this.#declared.get(name);
      if (declared?.expression === undefined) return declared?.value;
      return evaluate(declared.expression, this.source.text, (inner) => this.valueOf(inner));
    });
  }

  /** Values of variables without a default, where a place is that variable alone, or a text with nothing else that is not known. */
  private infer(): void {
    for (const { expression, value } of this.#places) {
      if (expression.kind === "template") this.inferFrom(expression, value);
      else this.known(variableNameOf(expression) ?? "", value);
    }
  }

  private inferFrom({ parts }: Expression & { readonly kind: "template" }, value: unknown): void {
    const texts = parts.map((part) =>
      typeof part === "string"
        ? part
        : evaluate({ kind: "template", parts: [part] }, this.source.text, (name) => this.valueOf(name)),
    );
    const at = texts.indexOf(undefined);
    const part = parts[at];
    if (typeof value !== "string" || typeof part !== "object" || at !== texts.lastIndexOf(undefined)) return;
    const [before, after] = [texts.slice(0, at).join(""), texts.slice(at + 1).join("")];
    if (value.length < before.length + after.length || !value.startsWith(before) || !value.endsWith(after)) return;
    this.known(variableNameOf(part.of) ?? "", value.slice(before.length, value.length - after.length));
  }

  private known(name: string, value: unknown): void {
    const declared = this.#declared.get(name);
    if (!declared?.type || declared.expression || this.valueOf(name) !== undefined) return;
    if (typeOf(value as Plain) === declared.type) this.#values.set(name, value as Plain);
  }

  /** Whether a place can be written with its variables, and comes to its value with theirs. */
  private isExact({ expression, value }: Omit<Place, "range">): boolean {
    const translated = translate(expression, this.source.text, (name) => this.reference(name));
    const found = evaluate(expression, this.source.text, (name) => this.valueOf(name));
    if (!translated || found === undefined || !converted(translated, value, NO_USES)) return false;
    return isSame(found, value);
  }

  private reference(name: string): Translated | undefined {
    const type = this.typeOf(name);
    return type && { text: identifier(this.#names.get(name) ?? "unnamed"), type };
  }

  private madeOf(name: string): readonly string[] {
    const expression = this.#declared.get(name)?.expression;
    return expression ? namesIn(expression) : [];
  }

  /** Locals, each behind those that it is made of. */
  private inOrder(locals: readonly Declared[]): readonly Declared[] {
    const out = new Map<string, Declared>();
    const add = (local: Declared): void => {
      if (out.has(local.name)) return;
      for (const inner of this.madeOf(local.name)) {
        const of = locals.find(({ name }) => name === inner);
        if (of) add(of);
      }
      out.set(local.name, local);
    };
    locals.forEach(add);
    return [...out.values()];
  }
}

/** Of an expression in a comment, so much is shown. */
const LONGEST = 80;
const NO_USES: Uses = { use: identifier };

/** A list or an object is written element by element. */
function isLiteralList({ kind }: Expression): boolean {
  return kind === "list" || kind === "object";
}

/** The variables and locals that an expression names. */
function namesIn(expression: Expression): readonly string[] {
  return referencesIn(expression).flatMap(([root = "", name = ""]) =>
    root === "var" || root === "local" ? [`${root}.${name}`] : [],
  );
}

/** The variables and locals that everything in a block names. */
function namesWithin(block: SourceBlock, text: string): readonly string[] {
  return [
    ...[...block.attributes.values()].flatMap(({ value }) => namesIn(readExpression(text, value))),
    ...block.children.flatMap((child) => namesWithin(child, text)),
  ];
}

function counted(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** An expression where a value of a kind stands; undefined where one does not become the other for all values. */
function converted({ text, type }: Translated, value: unknown, uses: Uses): TypeScriptText | undefined {
  const number = type === "number" ? text : type === "string" ? ts`Number(${text})` : undefined;
  if (value instanceof Memory) return number && ts`${uses.use("Memory")}.mebibytes(${number})`;
  if (value instanceof Cpu)
    return value.cores === undefined ? number && ts`${uses.use("Cpu")}.mhz(${number})` : undefined;
  if (value instanceof Duration) return undefined;
  if (typeof value === "string")
    return type === "string" ? text : type === "number" || type === "boolean" ? ts`String(${text})` : undefined;
  if (typeof value === "number") return number;
  if (typeof value === "boolean") return type === "boolean" ? text : undefined;
  if (typeof value !== "object" || value === null) return undefined;
  if (Array.isArray(value)) return type === "strings" || type === "numbers" ? text : undefined;
  return type === "map" ? text : undefined;
}

/** Whether a value of HCL is what a place of the model holds. */
function isSame(found: Plain, value: unknown): boolean {
  if (value instanceof Memory) return Number(found) === value.mebibytes;
  if (value instanceof Cpu) return Number(found) === value.mhz;
  if (typeof value === "string") return String(found) === value;
  if (typeof value === "number") return Number(found) === value;
  return JSON.stringify(found) === JSON.stringify(value);
}

/** What is known of a name, found out at the first call. While that goes on nothing is known of it: one that depends on itself has nothing. */
function once<T>(known: Map<string, T | undefined>, name: string, find: () => T | undefined): T | undefined {
  if (!known.has(name)) {
    known.set(name, undefined);
    known.set(name, find());
  }
  return known.get(name);
}
