import { readFileSync } from "node:fs";
import { UserError } from "../../errors";

/**
 * Reads a file of JSON; undefined where it is something else.
 *
 * @throws UserError where it cannot be read
 */
export function readJsonFile(file: string, rule: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw UserError.at(file, `cannot be read (${(error as NodeJS.ErrnoException).code})`, rule);
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
