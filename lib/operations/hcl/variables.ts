/** Values for the variables of a job, as `nomad job run` takes them: one of the environment gives way to a file's, that to a later file's, that to one by name. */
export interface HclVariables {
  /** Values by name, as `-var` takes them. Default: none. */
  readonly values?: Readonly<Record<string, string>>;
  /** Paths of files of values, as HCL or JSON; relative ones start at the working folder. Default: none. */
  readonly files?: readonly string[];
  /** What such files hold, one after another, as a server keeps it of a job. Default: nothing. */
  readonly kept?: string;
  /** The environment, for its variables NOMAD_VAR_<name>. Default: empty. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Bytes of a file of values: of a job that is larger than 1 MB a server keeps no source, unless it is told to. */
export const LARGEST_VALUES = 4 * 1024 * 1024;

const ENVIRONMENT_PREFIX = "NOMAD_VAR_";

/** The values that the environment gives, by the names of their variables. */
export function environmentValues({ env = {} }: HclVariables): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(env))
    if (key.startsWith(ENVIRONMENT_PREFIX) && key !== ENVIRONMENT_PREFIX && value !== undefined)
      found.set(key.slice(ENVIRONMENT_PREFIX.length), value);
  return found;
}

/** Whether a variable can have this name: HCL's identifiers. */
export function isVariableName(name: string): boolean {
  return /^[\p{ID_Start}_][\p{ID_Continue}-]*$/u.test(name);
}

/**
 * How Nomad reads the value of a variable that is given by name: as the text that it is for variables of type string and number and those
 * without a type, as an expression of HCL for all others.
 */
export type ValueForm = "text" | "expression";

/** Sets a variable to a value in a file of values. */
export function assignment(name: string, value: string, form: ValueForm): string {
  // In brackets an expression may go over several lines, as it may on the command line.
  return form === "text" ? `${name} = ${literal(value)}\n` : `${name} = (\n${value}\n)\n`;
}

/** A text in quotes in which nothing is a template: whatever is no plain letter is written by its number. */
export function literal(text: string): string {
  const escaped = text.replaceAll(/[^\x20-\x7e]|["\\$%]/gu, (sign) => {
    const number = (sign.codePointAt(0) ?? 0).toString(16);
    return number.length > 4 ? `\\U${number.padStart(8, "0")}` : `\\u${number.padStart(4, "0")}`;
  });
  return `"${escaped}"`;
}
