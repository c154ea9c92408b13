import { readSource, type SourceBlock } from "../../hcl-source";
import { isObject } from "./source-order";
import type { HclParser } from "./parser";

/**
 * The values that the variables of a text of HCL have, by their names: the defaults and whatever the parser was given, each brought into its
 * type. Nomad is asked for them, with a job that says each.
 *
 * @throws UserError where the parser refuses them
 */
export async function declaredValues(
  file: string,
  text: string,
  parse: HclParser,
): Promise<Readonly<Record<string, unknown>>> {
  const declarations = readSource(text).blocks.filter(({ name }) => name === "variable" || name === "variables");
  const names = declarations.flatMap(declaredBy);
  if (names.length === 0) return {};
  const blocks = declarations.map(({ start, end }) => text.slice(start, end));
  const said = names.map((name, index) => `    v${index} = jsonencode(var.${name})`);
  const job = ['job "values" {', "  meta {", ...said, "  }", "}"];
  const answer = await parse(file, [...blocks, ...job, ""].join("\n"));
  const read = isObject(answer) && isObject(answer.Job) ? answer.Job : answer;
  const meta = isObject(read) && isObject(read.Meta) ? read.Meta : {};
  return Object.fromEntries(
    names.flatMap((name, index) => {
      const value = meta[`v${index}`];
      return typeof value === "string" ? [[name, JSON.parse(value) as unknown] as const] : [];
    }),
  );
}

function declaredBy({ name, labels, attributes }: SourceBlock): readonly string[] {
  return name === "variable" ? labels.slice(0, 1) : [...attributes.keys()];
}
