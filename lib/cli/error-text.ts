import { ApiError, messageOf, pathText, placeText, UserError, type Problem } from "../errors";
import { block, joinLines, style, term, wrap, type TerminalText } from "../text";
import { BAD } from "./symbols";

/** What a file system says of a folder or a file, and what it means; anything else that it says is a fault of ours. */
const OF_FILES: ReadonlyMap<string, string> = new Map([
  ["EROFS", "cannot be written: the file system is read-only"],
  ["ENOSPC", "cannot be written: the disk is full"],
  ["EDQUOT", "cannot be written: the disk quota is used up"],
  ["EACCES", "may not be opened or written; look at its owner and its mode"],
  ["EPERM", "may not be changed; look at its owner and its mode"],
  ["ELOOP", "is a link, and links are not followed here; remove it"],
  ["EEXIST", "is there already and is no folder; remove it"],
  ["ENOTDIR", "is no folder; remove it"],
  ["EISDIR", "is a folder, and no file"],
  ["ENAMETOOLONG", "has a name that is too long"],
  ["EMFILE", "cannot be opened: too many files are open; raise the limit (ulimit -n)"],
  ["EIO", "cannot be read or written: the disk does not answer"],
]);

/** What a file system refuses, in words; undefined for any other error. */
function fileProblem(error: unknown): Problem | undefined {
  if (typeof error !== "object" || error === null || !("syscall" in error)) return undefined;
  const { code, path, syscall } = error as NodeJS.ErrnoException;
  // Node says this of a folder on a file system that is read-only.
  const missing =
    code === "ENOENT" && syscall === "mkdir" ? "cannot be made; the file system may be read-only" : undefined;
  const message = missing ?? OF_FILES.get(code ?? "");
  if (message === undefined) return undefined;
  return {
    rule: "files",
    path: path === undefined ? [] : [path],
    message: path === undefined ? `a file ${message}` : message,
    severity: "error",
  };
}

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
