import { matchSource, readSource, type Source, type SourceBlock } from "../hcl-source";
import type { Job } from "../jobspec";
import { comments, identifier, joined, json, lineComments, ts, type TypeScriptText } from "./code";
import type { Declared } from "./declarations";
import { exportName } from "./names";
import { Parameters, type Signature } from "./parameters";
import { Remarks } from "./remarks";
import { Writer } from "./write";

/** Names that a module has taken: those of its exports, and those that it imports. */
export interface TakenNames {
  readonly exports: Set<string>;
  readonly classes: Set<string>;
}

/** A job with the text that it was read from. */
export interface JobWithSource {
  readonly job: Job;
  readonly source?: string;
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** The export of a job: a constant, or where its source has variables that it can be written with, a function of them. */
export function exportOf({ job, source, variables }: JobWithSource, taken: TakenNames): TypeScriptText {
  const read = source === undefined ? undefined : readSource(source);
  const parameters = read && declaredParameters(job, read, variables);
  const remarks = read && new Remarks(read, matchSource(job, read));
  const signature = parameters?.signature;
  const name = exportName(job.id, taken.exports, taken.classes);
  const isFunction = signature !== undefined && signature.parameters.length > 0;
  const called = isFunction ? namesOf(signature, taken) : new Map<string, string>();
  parameters?.of.call(called);
  const writer = new Writer(source, remarks, parameters?.of);
  const { expression, left } = writer.expression(job);
  for (const used of writer.used) taken.classes.add(used);
  const own = remarks?.of(job);
  const head = remarks && read ? headOf(read, remarks) : [];
  const made = { name, expression, left, ...(signature && { signature }) };
  const written =
    isFunction && parameters && remarks
      ? functionOf(made, { parameters: parameters.of, signature, remarks, own, taken, called })
      : constantOf(made, remarks, own);
  const after = remarks?.takeIn({ start: 0, end: Infinity }) ?? [];
  return ts`${comments(head)}${head.length > 0 && isFunction ? ts`\n` : ts``}${written}${lineComments(after)}\n`;
}

interface Made {
  readonly name: string;
  readonly expression: TypeScriptText;
  readonly left: readonly string[];
  readonly signature?: Signature;
}

function constantOf(
  { name, expression, left, signature }: Made,
  remarks: Remarks | undefined,
  own: SourceBlock | undefined,
): TypeScriptText {
  const before = remarks?.takeIn({ start: 0, end: own?.start ?? Infinity }) ?? [];
  const about = [...before, ...left, ...valuesSaid(signature?.values ?? [])];
  return ts`${comments(about)}export const ${identifier(name)} = ${expression};`;
}

interface Around {
  readonly parameters: Parameters;
  readonly signature: Signature;
  readonly remarks: Remarks;
  readonly own: SourceBlock | undefined;
  readonly taken: TakenNames;
  /** The names of variables and locals in TypeScript. */
  readonly called: ReadonlyMap<string, string>;
}

function functionOf({ name, expression, left }: Made, around: Around): TypeScriptText {
  const { parameters, signature, remarks, own, taken, called } = around;
  const parameterName = (declared: Declared) => identifier(called.get(declared.name) ?? "");
  const type = identifier(
    exportName(`${name[0]?.toUpperCase() ?? ""}${name.slice(1)}Variables`, taken.exports, taken.classes, true),
  );
  taken.classes.add("Job");
  const lines = signature.parameters.map((declared) => {
    const value = parameters.valueOf(declared.name);
    const isOptional = value !== undefined;
    const described = [
      ...(declared.description === undefined ? [] : [declared.description]),
      ...remarks.takeIn(declared.block),
    ];
    const before = [...remarks.take(declared.block.before), ...described];
    const line = ts`readonly ${parameterName(declared)}${isOptional ? ts`?` : ts``}: ${TYPES[declared.type ?? "string"]};`;
    return { declared, value, line: ts`${lineComments(before)}${line}\n` };
  });
  const given = lines.map(({ declared, value }) =>
    value === undefined ? parameterName(declared) : ts`${parameterName(declared)} = ${json(value)}`,
  );
  const isOptional = lines.every(({ value }) => value !== undefined);
  const constants = signature.constants.map((declared) => {
    const typed = TYPES[parameters.typeOf(declared.name) ?? "string"];
    const note = `As its value: some of what depends on ${declared.name} is known to Nomad alone.`;
    const before = lineComments([...remarks.take(declared.block.before), ...remarks.takeIn(declared.block), note]);
    return ts`${before}const ${parameterName(declared)}: ${typed} = ${json(declared.value)};\n`;
  });
  const locals = signature.locals.map((declared) => {
    const attribute = declared.block.attributes.get(declared.name.replace(/^local\./, ""));
    const before = attribute ? remarks.take([...attribute.before, ...attribute.after]) : [];
    const typed = TYPES[parameters.typeOf(declared.name) ?? "string"];
    return ts`${lineComments(before)}const ${parameterName(declared)}: ${typed} = ${parameters.localOf(declared) ?? ts`""`};\n`;
  });
  const before = remarks.takeIn({ start: 0, end: own?.start ?? Infinity });
  const values = signature.values.filter((each) => !signature.constants.some((constant) => constant.name === each));
  const about = comments([...before, ...left, ...valuesSaid(values)]);
  const parametersText = ts`{ ${joined(given, ts`, `)} }: ${type}${isOptional ? ts` = {}` : ts``}`;
  const body = ts`${joined([...constants, ...locals], ts``)}return ${expression};`;
  const declaration = ts`${comments([`What may be set of ${name}, as by the variables of its file.`])}export interface ${type} {\n${joined(
    lines.map(({ line }) => line),
    ts``,
  )}}\n\n`;
  return ts`${declaration}${about}export function ${identifier(name)}(${parametersText}): Job {\n${body}\n}`;
}

const TYPES = {
  string: ts`string`,
  number: ts`number`,
  boolean: ts`boolean`,
  strings: ts`readonly string[]`,
  numbers: ts`readonly number[]`,
  map: ts`Readonly<Record<string, string>>`,
} as const;

function declaredParameters(job: Job, source: Source, given: Readonly<Record<string, unknown>> | undefined) {
  const of = new Parameters(source, given);
  if (of.isEmpty) return undefined;
  const blocks = matchSource(job, source);
  new Writer(source.text, new Remarks(source, blocks), of).expression(job);
  return { of, signature: of.decide(blocks.get(job)) };
}

function valuesSaid(values: readonly string[]): readonly string[] {
  return values.length === 0
    ? []
    : [`Written as values, since Nomad alone knows what depends on them: ${values.join(", ")}.`];
}

/** A name in TypeScript for each variable and local of a function. */
function namesOf(
  { parameters, constants, locals }: Signature,
  { exports: taken, classes }: TakenNames,
): ReadonlyMap<string, string> {
  const own = new Set(taken);
  return new Map(
    [...parameters, ...constants, ...locals].map(({ name }) => [
      name,
      exportName(name.replace(/^(?:var|local)\./, "").replaceAll("_", "-"), own, classes),
    ]),
  );
}

/** The comments at the head of a file, which an empty line parts from what they stand before. */
function headOf({ text, blocks }: Source, remarks: Remarks): readonly string[] {
  const [first] = blocks;
  if (!first) return [];
  const places = [...first.before.map(({ start }) => start), first.start];
  const apart = first.before.findLastIndex((comment, index) =>
    /\n[ \t\r]*\n/.test(text.slice(comment.start, places[index + 1])),
  );
  return remarks.take(first.before.slice(0, apart + 1));
}
