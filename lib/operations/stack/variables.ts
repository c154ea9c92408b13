import { type Problem, shortened, UserError } from "../../errors";
import { isSecretName } from "../../jobspec/host";
import { Effort } from "./effort";
import { evaluateTemplate, NeedsTerraform, type TerraformValue, type Variables } from "./expression";
import { OWN_LIMITS } from "./limits";

/** A variable as a stack's file declares it. */
export interface VariableDeclaration {
  readonly type?: string;
  readonly default?: TerraformValue;
  readonly sensitive?: boolean;
  readonly validation?: readonly { readonly condition: string; readonly error_message: string }[];
}

/**
 * Values of variables as Terraform would find them: from `-var` over TF_VAR_<name> over the default.
 *
 * @param effort what the stack's templates may still read and write. Default: as much as a computer can
 * @throws UserError with every variable that has no value, one of another type, or one that its validation refuses
 */
export function variableValues(
  declared: Readonly<Record<string, VariableDeclaration>>,
  given: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string | undefined>>,
  effort = new Effort(OWN_LIMITS.evaluated, ""),
): Variables {
  const problems: Problem[] = [];
  const refuse = (name: string, message: string) =>
    problems.push({ rule: "variable", path: ["var", name], message, severity: "error" });
  const values = new Map<string, TerraformValue>();
  for (const [name, declaration] of Object.entries(declared)) {
    const text = Object.hasOwn(given, name) ? given[name] : env[`TF_VAR_${name}`];
    const value = text === undefined ? declaration.default : convert(text, declaration.type);
    if (value === undefined)
      refuse(
        name,
        text === undefined
          ? `has no value; write --var ${name}=… (cdktf: -var, or TF_VAR_${name})`
          : `${quoted(name, declaration, text)} is no ${declaration.type}`,
      );
    else values.set(name, value);
  }
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(declared, name))
      refuse(name, `is not declared; the stack has ${Object.keys(declared).join(", ") || "none"}`);
  }
  for (const [name, declaration] of Object.entries(declared)) {
    for (const rule of declaration.validation ?? []) {
      if (values.has(name) && !holds(rule.condition, values, effort))
        refuse(name, `${quoted(name, declaration, values.get(name))} is refused: ${rule.error_message}`);
    }
  }
  if (problems.length > 0) throw new UserError(problems);
  return values;
}

/** Characters of a value that a message shows. */
const LONGEST_QUOTE = 200;

/** A value in a message; of a sensitive variable that there is one. */
function quoted(name: string, { sensitive }: VariableDeclaration, value: unknown): string {
  if (sensitive || isSecretName(name)) return "the value that it is given";
  const text = JSON.stringify(value);
  return shortened(text, LONGEST_QUOTE);
}

/**
 * Values of variables as far as they are known without a secret: what is given, else the default. A sensitive variable, and one without
 * a value, has a text that stands for it, so that a job can still be planned.
 *
 * @param given values that everybody may read; those of variables that are not declared are not used
 * @returns the values; the names of those that are not known; the texts that stand for them
 * @throws UserError with every variable that has no value and is no text, one of another type, or one that its validation refuses
 */
export function foreignValues(
  declared: Readonly<Record<string, VariableDeclaration>>,
  given: Readonly<Record<string, string>>,
  effort: Effort,
): { readonly values: Variables; readonly unknown: readonly string[]; readonly standIns: readonly string[] } {
  const known: Record<string, VariableDeclaration> = {};
  const standIns = new Map<string, string>();
  for (const [name, declaration] of Object.entries(declared)) {
    const { sensitive = false, type = "string", default: byDefault } = declaration;
    const has = Object.hasOwn(given, name) || byDefault !== undefined;
    if (type === "string" && (sensitive || !has)) standIns.set(name, `(the value of ${name})`);
    else known[name] = sensitive ? { ...declaration, default: undefined } : declaration;
  }
  const usable = Object.entries(given).filter(([name]) => Object.hasOwn(known, name) && !known[name]?.sensitive);
  const values = new Map([...variableValues(known, Object.fromEntries(usable), {}, effort), ...standIns]);
  return { values, unknown: [...standIns.keys()], standIns: [...standIns.values()] };
}

function convert(text: string, type = "string"): TerraformValue | undefined {
  if (type === "string") return text;
  if (type === "number") return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : undefined;
  if (type === "bool") return text === "true" ? true : text === "false" ? false : undefined;
  try {
    return JSON.parse(text) as TerraformValue;
  } catch {
    return undefined;
  }
}

function holds(condition: string, values: Variables, effort: Effort): boolean {
  try {
    return evaluateTemplate(condition, values, effort) === true;
  } catch (error) {
    // What only Terraform can judge is left to it.
    if (error instanceof NeedsTerraform) return true;
    throw error;
  }
}
