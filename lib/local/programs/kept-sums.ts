import { createHash } from "node:crypto";
import { createReadStream, readFileSync } from "node:fs";
import { basename } from "node:path";
import { pipeline } from "node:stream/promises";
import { UserError } from "../../errors";
import { messageOf } from "../../nomad";
import { writeWholeFile } from "../../private-files";
import type { Progress } from "../machine";

/** The SHA-256 sum of a file. */
export async function sumOf(file: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash, { signal });
  return hash.digest("hex");
}

/** Writes down beside a program which it is, so that `sha256sum -c` reads it too. */
export function keepSum(file: string, sum: string): void {
  writeWholeFile(recordOf(file), `${sum}  ${basename(file)}\n`);
}

/**
 * Checks a program that was kept, before it is run. One that a release of this package kept which recorded no sums is taken as it is, once, and
 * that is said.
 *
 * @throws UserError where it is not the one that was kept
 */
export async function checkKept(
  file: string,
  { progress, signal }: { readonly progress: Progress; readonly signal?: AbortSignal },
): Promise<void> {
  const recorded = recordedSum(file);
  const sum = await sumOf(file, signal);
  if (sum === recorded) return;
  if (recorded !== undefined)
    throw UserError.at(
      file,
      `is not the program that was kept here: its SHA-256 sum is ${sum}, and ${recorded} was recorded in ${recordOf(file)}; remove the program, and it is fetched or built again`,
      "binary/changed",
    );
  try {
    keepSum(file, sum);
    progress.note(`${file} was kept without its sum; ${sum} is recorded for it now`);
  } catch (error) {
    progress.note(`the sum of ${file} is not known, and cannot be recorded: ${messageOf(error)}`);
  }
}

/** The sum that was recorded; undefined where none was. What is no sum is none that a program has. */
function recordedSum(file: string): string | undefined {
  try {
    return readFileSync(recordOf(file), "utf8").split(/\s/)[0] || "nothing";
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function recordOf(file: string): string {
  return `${file}.sha256`;
}
