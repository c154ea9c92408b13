import { createHash } from "node:crypto";
import { lstat, opendir, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { createGzip } from "node:zlib";
import { pack } from "tar-stream";
import type { ArchiveAnswer, ListAnswer, ReadAnswer } from "../protocol";
import type { WorkspaceFiles } from "./files";
import { Refused } from "./refused";

const MIME: Record<string, string> = {
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".webp": "image/webp",
  ".gif": "image/gif",
  ".txt": "text/plain",
  ".log": "text/plain",
  ".json": "application/json",
  ".xml": "application/xml",
  ".html": "text/html",
  ".md": "text/markdown",
  ".gz": "application/gzip",
  ".tgz": "application/gzip",
};

/** One file, up to a limit of bytes. */
export async function readArtifact(
  files: WorkspaceFiles,
  path: string,
  options: { readonly encoding: string; readonly limit: number; readonly sha256: boolean },
): Promise<ReadAnswer> {
  const encoding = options.encoding.trim().toLowerCase();
  if (encoding !== "text" && encoding !== "base64")
    throw new Refused("malformed", `Unsupported encoding: ${encoding.slice(0, 40)}; write text or base64`);
  const { file, stats, place } = await files.openFile(path);
  try {
    const data = await readUpTo(file, options.limit);
    return {
      success: true,
      content: data.toString(encoding === "text" ? "utf8" : "base64"),
      encoding,
      truncated: stats.size > data.length,
      bytes: data.length,
      file_size: stats.size,
      path: files.relative(place),
      mime: MIME[extname(place).toLowerCase()] ?? "application/octet-stream",
      sha256: options.sha256 ? createHash("sha256").update(data).digest("hex") : null,
    };
  } finally {
    await file.close();
  }
}

/** The beginning of a file: as it grows, no more than the limit is taken. */
export async function readUpTo(
  file: { read(buffer: Buffer, offset: number, length: number, position: number): Promise<{ bytesRead: number }> },
  limit: number,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  while (length < limit) {
    const buffer = Buffer.alloc(Math.min(65_536, limit - length));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, length);
    if (bytesRead === 0) break;
    chunks.push(buffer.subarray(0, bytesRead));
    length += bytesRead;
  }
  return Buffer.concat(chunks);
}

/** What is in a folder; symbolic links as they are. */
export async function listArtifacts(
  files: WorkspaceFiles,
  path: string,
  options: { readonly recursive: boolean; readonly limit: number },
): Promise<ListAnswer> {
  const place = await files.locate(path);
  const entries: ListAnswer["entries"] = [];
  const add = async (at: string) => {
    const stats = await lstat(at).catch(() => undefined);
    if (stats)
      entries.push({
        path: files.relative(at),
        is_dir: stats.isDirectory(),
        size: stats.size,
        mtime: stats.mtimeMs / 1000,
      });
  };
  if (!(await stat(place)).isDirectory()) {
    await add(place);
    return { success: true, entries, truncated: false };
  }
  let truncated = false;
  for await (const found of walk(place, options.recursive, options.limit * 2)) {
    if (entries.length >= options.limit) {
      truncated = true;
      break;
    }
    await add(found.path);
  }
  entries.sort((one, other) => (one.path < other.path ? -1 : 1));
  return { success: true, entries, truncated };
}

/** Regular files below a folder, or one file, as a tar.gz. Symbolic links, FIFOs and the like are left out. */
export async function archiveArtifacts(
  files: WorkspaceFiles,
  path: string,
  options: { readonly format: string; readonly bytes: number; readonly entries: number },
): Promise<ArchiveAnswer> {
  const format = options.format.trim().toLowerCase();
  if (format !== "tar.gz" && format !== "tgz")
    throw new Refused("malformed", `Unsupported archive format: ${format.slice(0, 40)}; write tar.gz`);
  const place = await files.locate(path);
  const archive = pack();
  const chunks: Buffer[] = [];
  let bytes = 0;
  const compressed = archive.pipe(createGzip());
  const tooLarge = () =>
    new Refused("too-large", `Archive too large: more than ${options.bytes} bytes; ask for a smaller folder`);
  const done = new Promise<void>((resolve, reject) => {
    compressed.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= options.bytes) chunks.push(chunk);
    });
    compressed.once("end", resolve).once("error", reject);
  });
  let count = 0;
  let plain = 0;
  const add = async (at: string) => {
    const { file, stats } = await files.openFile(at);
    try {
      // Whatever it compresses to, no more than ten times the limit is read.
      plain += stats.size;
      if (plain > options.bytes * 10) throw tooLarge();
      const data = await readUpTo(file, stats.size);
      await new Promise<void>((resolve, reject) => {
        const header = { name: files.relative(at), mode: stats.mode & 0o777, mtime: stats.mtime, size: data.length };
        archive.entry(header, data, (error) => (error ? reject(error) : resolve()));
      });
      count += 1;
    } finally {
      await file.close();
    }
    if (bytes > options.bytes) throw tooLarge();
  };
  try {
    if ((await stat(place)).isFile()) await add(place);
    else if ((await stat(place)).isDirectory()) {
      for await (const found of walk(place, true, options.entries * 20)) {
        if (!found.file) continue;
        if (count >= options.entries) break;
        await add(found.path).catch((error: unknown) => {
          // What is not the slot's own, or went meanwhile, is left out.
          if (!(error instanceof Refused) || error.code === "too-large") throw error;
        });
      }
    } else throw new Refused("malformed", `${path} is neither a file nor a folder`);
    archive.finalize();
    await done;
  } catch (error) {
    archive.destroy();
    compressed.destroy();
    throw error;
  }
  if (bytes > options.bytes) throw tooLarge();
  const content = Buffer.concat(chunks).toString("base64");
  return { success: true, content, encoding: "base64", format: "tar.gz", bytes, entry_count: count };
}

/** What is below a folder, folders before what is in them, without following a symbolic link. Stops after a number of entries. */
async function* walk(
  folder: string,
  recursive: boolean,
  most: number,
): AsyncGenerator<{ readonly path: string; readonly file: boolean }> {
  const folders = [folder];
  let seen = 0;
  for (let next = folders.shift(); next !== undefined; next = folders.shift()) {
    const opened = await opendir(next).catch(() => undefined);
    if (!opened) continue;
    for await (const entry of opened) {
      if ((seen += 1) > most) return;
      const path = join(next, entry.name);
      yield { path, file: entry.isFile() };
      if (recursive && entry.isDirectory()) folders.push(path);
    }
  }
}
