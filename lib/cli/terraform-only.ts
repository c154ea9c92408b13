import type { StackContents } from "../operations";
import { term, wrap, type TerminalText } from "../text";
import { ATTENTION } from "./symbols";

/**
 * What of a stack a command does not look at, since Terraform alone brings it, a line for each: such as a namespace.
 *
 * @param does what the command does with it, such as "is not looked at"
 */
export function terraformOnlyLines(
  { terraformOnly }: Pick<StackContents, "terraformOnly">,
  does: string,
  command: string,
): readonly TerminalText[] {
  return terraformOnly.map(({ path, type }) =>
    wrap(term`${ATTENTION} ${path} (${type}) ${does}, since only Terraform brings it: ${command}`, { hanging: 2 }),
  );
}
