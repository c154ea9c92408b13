import { isRecordable, type RecordContent, type RecordedValue, type StackRecord } from "../../stack-record";
import type { VariableDeclaration } from "../stack";

/** What somebody says now. */
export interface GivenInputs {
  /** Values of variables, as `--var` gives them. */
  readonly variables: Readonly<Record<string, string>>;
  /** The environment that the command runs in. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * The values of variables that were given at the last deployment and are not given now, as `--var` would give them. A value that was the
 * program's own default then is nothing that somebody said: the default of today counts.
 */
export function rememberedVariables(
  record: StackRecord,
  declared: Readonly<Record<string, VariableDeclaration>>,
  { variables, env }: GivenInputs,
): Readonly<Record<string, string>> {
  const remembered = Object.entries(record.variables).filter(([name, value]) => {
    const declaration = Object.hasOwn(declared, name) ? declared[name] : undefined;
    if (!declaration || Object.hasOwn(variables, name) || env[`TF_VAR_${name}`] !== undefined) return false;
    const byDefault = Object.hasOwn(record.defaults, name) ? record.defaults[name] : undefined;
    return (
      isRecordable(name, { sensitive: declaration.sensitive }) &&
      isOfType(value, declaration.type) &&
      !isSame(value, byDefault) &&
      !isSame(value, declaration.default)
    );
  });
  return Object.fromEntries(remembered.map(([name, value]) => [name, asGiven(value)]));
}

/**
 * The values that the variables of a program have to be given so that it comes out as at the last deployment: what was recorded, the program's default where
 * nothing was, and what is said now of those that no record has.
 */
export function variablesAsBefore(
  record: StackRecord,
  declared: Readonly<Record<string, VariableDeclaration>>,
  given: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(declared).flatMap(([name, { sensitive, type, default: byDefault }]) => {
      const value = Object.hasOwn(record.variables, name) ? record.variables[name] : undefined;
      const isRecorded = isRecordable(name, { sensitive, default: byDefault as RecordedValue | undefined });
      if (isRecorded && value !== undefined && isOfType(value, type)) return [[name, asGiven(value)]];
      if (isRecorded && byDefault !== undefined) return [[name, asGiven(byDefault as RecordedValue)]];
      return Object.hasOwn(given, name) ? [[name, given[name] ?? ""]] : [];
    }),
  );
}

/**
 * The environment variables that the program looked at at the last deployment, by their names, that are otherwise now, and of which nobody
 * says anything now. Only names that the program itself looks at are among them: a record may not decide what else a program is run with.
 *
 * @param now what the program looks at now
 * @param gains whether a list of words that only became longer is taken back too: for what only looks. Who deploys takes what is there now
 */
export function rememberedEnvironmentVariables(
  record: StackRecord,
  now: RecordContent["environmentVariables"],
  { env }: Pick<GivenInputs, "env">,
  gains: boolean,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.keys(now).flatMap((name) => {
      const before = Object.hasOwn(record.environmentVariables, name) ? record.environmentVariables[name] : undefined;
      // What was not set cannot be taken back from what a program finds out by itself.
      if (env[name] !== undefined || before === undefined || before === null || before === now[name]) return [];
      return gains || losesWords(before, now[name] ?? "") ? [[name, before]] : [];
    }),
  );
}

function losesWords(before: string, now: string): boolean {
  const words = new Set(now.split(","));
  return before.split(",").some((word) => word !== "" && !words.has(word));
}

function isSame(a: RecordedValue, b: unknown): boolean {
  return b !== undefined && JSON.stringify(a) === JSON.stringify(b);
}

function isOfType(value: RecordedValue, type = "string"): boolean {
  if (type === "string") return typeof value === "string";
  if (type === "number") return typeof value === "number";
  if (type === "bool") return typeof value === "boolean";
  return typeof value === "object" && value !== null;
}

/** A value as `--var` gives it. */
function asGiven(value: RecordedValue): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
