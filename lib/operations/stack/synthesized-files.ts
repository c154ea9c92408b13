import { closeSync, constants, fstatSync, lstatSync, openSync, opendirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../errors";
import { parseJson } from "./bounded-json";
import { FOREIGN_LIMITS, type ReadingLimits } from "./limits";

/** Files and folders of a folder that somebody else filled. */
const MOST_ENTRIES = 2_000;
/** Folders within folders. cdktf writes two. */
const DEEPEST_FOLDER = 10;
/** Bytes of all files. */
const MOST_BYTES = 64 * 1024 * 1024;

/**
 * Reads one JSON file of a synthesized program. Of somebody else's folder, each step of the way is looked at: nothing but folders and a
 * regular file, no link that leads elsewhere.
 *
 * @param steps names below the folder, each a single one
 * @returns undefined where there is no such file
 * @throws UserError where it is no regular file, larger or deeper than the limits, or no JSON
 */
export function readSynthesized(outdir: string, steps: readonly string[], limits: ReadingLimits): unknown {
  const place = steps.join("/");
  if (steps.some((step) => !isName(step))) return undefined;
  const foreign = limits === FOREIGN_LIMITS;
  const folders = steps.slice(0, -1).map((_, index) => join(outdir, ...steps.slice(0, index + 1)));
  if (foreign && folders.some((folder) => !lstatSync(folder, { throwIfNoEntry: false })?.isDirectory()))
    return undefined;
  const text = readRegularFile(join(outdir, ...steps), place, limits.fileBytes, foreign);
  return text === undefined ? undefined : parseJson(text, limits.depth, place);
}

/**
 * Looks through a folder that somebody else filled, before anything of it is read.
 *
 * @throws UserError where it is no folder, holds anything but folders and regular files, or too much
 */
export function checkForeignFolder(outdir: string): void {
  const refuse = (message: string) => UserError.at(outdir, message, "synthesized");
  // A folder that the user names may be reached over a link; what stands in it may not.
  if (!statSync(outdir, { throwIfNoEntry: false })?.isDirectory()) throw refuse("is no folder of synthesized files");
  let entries = 0;
  let bytes = 0;
  const open = [{ folder: outdir, level: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { folder, level } = next;
    if (level > DEEPEST_FOLDER) throw refuse(`has folders more than ${DEEPEST_FOLDER} deep`);
    const listing = opendirSync(folder);
    try {
      for (let entry = listing.readSync(); entry; entry = listing.readSync()) {
        entries += 1;
        if (entries > MOST_ENTRIES) throw refuse(`holds more than ${MOST_ENTRIES} files and folders`);
        const path = join(folder, entry.name);
        if (entry.isDirectory()) open.push({ folder: path, level: level + 1 });
        else if (entry.isFile()) bytes += lstatSync(path).size;
        else throw refuse(`${path.slice(outdir.length + 1)} is neither a file nor a folder; links are not followed`);
        if (bytes > MOST_BYTES) throw refuse(`holds more than ${MOST_BYTES / 1024 / 1024} MiB`);
      }
    } finally {
      listing.closeSync();
    }
  }
}

/** Whether something is the name of one file, and no way to another. */
function isName(step: string): boolean {
  return step !== "" && step !== "." && step !== ".." && !/[/\\\0]/.test(step) && step.length <= 255;
}

function readRegularFile(path: string, place: string, most: number, foreign: boolean): string | undefined {
  // Not held up by a pipe that nobody writes to. Windows has neither flag, and no such files.
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  let file: number;
  try {
    file = openSync(path, O_RDONLY | O_NONBLOCK | (foreign ? O_NOFOLLOW : 0));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw UserError.at(place, `cannot be read (${code ?? "unknown"}); links are not followed`, "synthesized");
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw UserError.at(place, "is no regular file", "synthesized");
    if (stat.size > most)
      throw UserError.at(place, `has ${stat.size} bytes, more than the ${most} that are read`, "synthesized");
    const bytes = Buffer.alloc(stat.size);
    let length = 0;
    while (length < bytes.length) {
      const read = readSync(file, bytes, length, bytes.length - length, length);
      if (read === 0) break;
      length += read;
    }
    return bytes.toString("utf8", 0, length);
  } finally {
    closeSync(file);
  }
}
