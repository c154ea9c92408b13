import { constants, type Stats } from "node:fs";
import { lstat, mkdir, chown, open, readlink, realpath, type FileHandle } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { Refused } from "./refused";

/**
 * The files of a workspace, for a server that may read more than the slot can. A path never leaves it: by `..`, by symbolic links, by hard links to
 * others' files, by /proc. Only regular files are opened, so that no FIFO or device is waited for. Nothing of the slot runs meanwhile.
 */
export class WorkspaceFiles {
  /**
   * @param root the workspace, without symbolic links in its path
   * @param names other names of the workspace, as a command sees it
   * @param uid the slot's user; undefined: the server's own
   */
  constructor(
    readonly root: string,
    private readonly names: readonly string[],
    private readonly uid: number | undefined,
  ) {}

  /** The place that a path names, by its text alone. @throws Refused where it is outside */
  place(path: string): string {
    if (path.includes("\0")) throw new Refused("malformed", "the path holds a NUL");
    const alias = this.names.find((name) => path === name || path.startsWith(`${name}/`));
    const place = resolve(this.root, alias === undefined ? path : `.${path.slice(alias.length)}`);
    return this.inside(place);
  }

  /** Where something that is there really is. @throws Refused where it is outside, or not there */
  async locate(path: string): Promise<string> {
    try {
      return this.inside(await realpath(this.place(path)));
    } catch (error) {
      throw refusedFor(error, path);
    }
  }

  /** A place as a path of the workspace. */
  relative(place: string): string {
    return relative(this.root, place) || ".";
  }

  /** Opens a regular file of the slot for reading. The caller closes it. */
  async openFile(path: string): Promise<{ readonly file: FileHandle; readonly stats: Stats; readonly place: string }> {
    const place = await this.locate(path);
    return { ...(await this.opened(place, path, constants.O_RDONLY)), place };
  }

  /** Opens a file to be written from its beginning, with the folders above it. The caller closes it. */
  async create(path: string): Promise<{ readonly file: FileHandle; readonly place: string }> {
    const wanted = this.place(path);
    if (wanted === this.root) throw new Refused("malformed", "the path is the workspace itself");
    const folder = await this.folder(dirname(wanted), path);
    let place = join(folder, wanted.slice(dirname(wanted).length + 1));
    const there = await lstat(place).catch(() => undefined);
    if (there?.isSymbolicLink())
      place = this.inside(
        await realpath(place).catch((error) => {
          throw refusedFor(error, path);
        }),
      );
    const { file } = await this.opened(place, path, constants.O_WRONLY | constants.O_CREAT);
    try {
      if (this.uid !== undefined && !there) await file.chown(this.uid, this.uid);
      await file.truncate(0);
      return { file, place };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Makes a folder with those above it, each followed to where it is. */
  private async folder(wanted: string, path: string): Promise<string> {
    let place = this.root;
    for (const part of relative(this.root, wanted)
      .split(sep)
      .filter((name) => name !== "")) {
      const next = join(place, part);
      try {
        await mkdir(next, 0o755);
        if (this.uid !== undefined) await chown(next, this.uid, this.uid);
        place = next;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw refusedFor(error, path);
        place = this.inside(
          await realpath(next).catch((failure) => {
            throw refusedFor(failure, path);
          }),
        );
      }
    }
    return place;
  }

  private async opened(place: string, path: string, flags: number) {
    const { O_NOFOLLOW, O_NONBLOCK } = constants;
    let file: FileHandle;
    try {
      file = await open(place, flags | O_NOFOLLOW | O_NONBLOCK, 0o644);
    } catch (error) {
      throw refusedFor(error, path);
    }
    try {
      const stats = await file.stat();
      if (!stats.isFile()) throw new Refused("malformed", `${path} is no regular file`);
      const made = (flags & constants.O_CREAT) !== 0 && stats.size === 0 && stats.nlink === 1;
      if (this.uid !== undefined && stats.uid !== this.uid && !made)
        throw new Refused("outside-workspace", `${path} is not the slot's own file`);
      // What was opened is asked where it is, since the path may have changed since it was looked at.
      const really = await readlink(`/proc/self/fd/${file.fd}`).catch(() => place);
      this.inside(really);
      return { file, stats };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  private inside(place: string): string {
    if (place === this.root || place.startsWith(this.root + sep)) return place;
    throw new Refused("outside-workspace", "Access denied: path outside workspace");
  }
}

const WORDS: Record<string, readonly ["not-found" | "malformed", string]> = {
  ENOENT: ["not-found", "is not there"],
  ENOTDIR: ["not-found", "is not there"],
  EISDIR: ["malformed", "is a folder"],
  ENXIO: ["malformed", "is no regular file"],
  ELOOP: ["malformed", "is a symbolic link that leads nowhere"],
  ENAMETOOLONG: ["malformed", "is too long"],
};

function refusedFor(error: unknown, path: string): unknown {
  const [code, words] = WORDS[(error as NodeJS.ErrnoException).code ?? ""] ?? [];
  return code === undefined ? error : new Refused(code, `${path} ${words}`);
}
