import { ApiError, fileProblem, messageOf, pathText, placeText, UserError, type Problem } from "../errors";
import { block, joinLines, style, term, wrap, type TerminalText } from "../text";
import { BAD } from "./symbols";

/** What is wrong, as problems: for machines, and for people. */
export function problemsOf(error: unknown): readonly Problem[] {
  if (error instanceof UserError) return error.problems;
  const ofFiles = fileProblem(error);
  if (ofFiles) return [ofFiles];
  const rule = error instanceof ApiError ? "server" : "internal";
  const message = messageOf(error);
  return [{ rule, path: [], message, severity: "error" }];
}

/** A problem as the JSON of a command's output, with its path in words. */
export function problemJson<P extends Problem>(problem: P): Omit<P, "path"> & { readonly path: string } {
  return { ...problem, path: pathText(problem.path) };
}

/** A mistake of the person, or a refusal of a server, without a stack; or something that went wrong here, with it. */
export function errorText(error: unknown): TerminalText {
  if (error instanceof UserError || error instanceof ApiError || fileProblem(error))
    return joinLines(
      problemsOf(error).map((problem) => {
        const place = placeText(problem);
        const where = place === "" ? term`` : term`${style.bold(place)}: `;
        return wrap(term`${BAD} ${where}${block(problem.message)}`, { hanging: 2 });
      }),
    );
  return block(error instanceof Error ? (error.stack ?? error.message) : String(error));
}
