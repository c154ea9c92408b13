import { UserError, type Problem } from "../jobspec";
import { ApiError } from "../nomad";
import { block, joinLines, style, term, wrap, type TerminalText } from "../text";
import { BAD } from "./signs";

/** What is wrong, as problems: for machines, and for people. */
export function problemsOf(error: unknown): readonly Problem[] {
  if (error instanceof UserError) return error.problems;
  const rule = error instanceof ApiError ? "server" : "internal";
  const message = error instanceof Error ? error.message : String(error);
  return [{ rule, path: "", message, severity: "error" }];
}

/** A mistake of the person, or a refusal of a server, without a stack; or something that went wrong here, with it. */
export function errorText(error: unknown): TerminalText {
  if (error instanceof UserError || error instanceof ApiError)
    return joinLines(
      problemsOf(error).map(({ path, message }) => {
        const where = path === "" ? term`` : term`${style.bold(path)}: `;
        return wrap(term`${BAD} ${where}${block(message)}`, { hanging: 2 });
      }),
    );
  return block(error instanceof Error ? (error.stack ?? error.message) : String(error));
}
