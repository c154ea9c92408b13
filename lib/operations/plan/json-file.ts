import { UserError } from "../../errors";
import { readNamedFile, UnusableFile } from "../../reading";

/** How a file of JSON is read. */
export interface JsonFileOptions {
  /** For messages. */
  readonly rule: string;
  /** Bytes that it may have. */
  readonly most: number;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/**
 * Reads a file of JSON; undefined where it is something else.
 *
 * @throws UserError where it cannot be read, or is larger than it may be; the signal's reason, where that is aborted
 */
export async function readJsonFile(file: string, { rule, most, signal }: JsonFileOptions): Promise<unknown> {
  let text: string;
  try {
    text = (await readNamedFile(file, { most, signal })).toString("utf8");
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof UnusableFile) throw UserError.at(file, error.what, rule);
    throw UserError.at(file, `cannot be read (${(error as NodeJS.ErrnoException).code})`, rule);
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
