import { constants } from "node:fs";
import { mistake, placeText, UserError } from "../errors";
import { open } from "node:fs/promises";
import { readTokens, TokenBook } from "./tokens";

/** Where the tokens are, asked again and again: a new token counts, and one that was taken away ends, without a restart. */
export interface TokenSource {
  /** For messages. */
  readonly name: string;
  /** How often it is read, in milliseconds. */
  readonly interval: number;
  /** The text of all lines. */
  read(): Promise<string>;
}

/** Tokens that were read longer ago than this are not believed any more, since one of them may have been taken away: milliseconds. */
const LONGEST_BLIND = 5 * 60_000;
const LARGEST_FILE = 4 * 1024 * 1024;

/** There are no tokens yet. */
export class AbsentTokens extends UserError {
  constructor(place: string, message: string) {
    super([mistake(place, message, "tokens/absent")]);
  }
}

/** The tokens of a source, as they are now. */
export class Tokens {
  #book: TokenBook | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  #triedAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;
  #trouble: string | undefined;
  #isAbsent = false;
  #onTrouble: (message: string) => void = () => undefined;

  /** @param now a monotonic clock, in milliseconds */
  constructor(
    private readonly source: TokenSource,
    private readonly now: () => number,
  ) {}

  /** Why the tokens could not be read the last time; undefined where they could. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Has somebody told of each new reason why they cannot be read: its place, and nothing of what stands there. */
  reportTo(onTrouble: (message: string) => void): void {
    this.#onTrouble = onTrouble;
  }

  /**
   * The tokens, at most two intervals old where the source can be read, and those of before where it cannot. For those that are younger nobody waits
   * until they are read again.
   *
   * @throws UserError where they could not be read at first, or for five minutes
   */
  async current(): Promise<TokenBook> {
    const due = this.now() - this.#triedAt >= this.source.interval;
    if (due || this.#book === undefined) this.#reading ??= this.readAgain().finally(() => (this.#reading = undefined));
    if (this.#reading && this.now() - this.#readAt >= 2 * this.source.interval) await this.#reading;
    if (this.#book === undefined || this.now() - this.#readAt > LONGEST_BLIND)
      throw UserError.at(this.source.name, this.#trouble ?? "could not be read", "tokens");
    return this.#book;
  }

  /** The tokens, where they are young enough for nobody to wait until they are read again; undefined where they are not. */
  get known(): TokenBook | undefined {
    return this.now() - this.#readAt < 2 * this.source.interval ? this.#book : undefined;
  }

  /**
   * Whether there are tokens: false where the file or the variable is not there yet.
   *
   * @throws UserError where what is there cannot be used
   */
  async present(): Promise<boolean> {
    try {
      await this.current();
      return true;
    } catch (error) {
      if (this.#isAbsent) return false;
      throw error;
    }
  }

  private async readAgain(): Promise<void> {
    this.#triedAt = this.now();
    try {
      this.#book = new TokenBook(readTokens(await this.source.read(), this.source.name));
      this.#readAt = this.now();
      this.#trouble = undefined;
      this.#isAbsent = false;
    } catch (error) {
      this.#isAbsent = error instanceof AbsentTokens;
      const before = this.#trouble;
      this.#trouble =
        error instanceof UserError
          ? error.problems.map((problem) => `${placeText(problem)} ${problem.message}`.trim()).join("; ")
          : `cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown"})`;
      if (this.#trouble !== before) this.#onTrouble(this.#trouble);
    }
  }
}

/**
 * A file of tokens that nobody but its owner may read.
 *
 * @param user the id of the user whom it may belong to, beside root; undefined where users have none
 * @throws UserError (when it is read) where others may read or write it, or where it is a link
 */
export function tokenFile(path: string, user: number | undefined): TokenSource {
  return {
    name: path,
    interval: 1000,
    read: async () => {
      const file = await open(
        path,
        constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
      ).catch((error: unknown) => {
        const { code = "" } = error as NodeJS.ErrnoException;
        const message = OPENING[code] ?? "cannot be read";
        throw code === "ENOENT" ? new AbsentTokens(path, message) : UserError.at(path, message, "tokens");
      });
      try {
        const status = await file.stat();
        const { mode, size, uid } = status;
        if (!status.isFile()) throw UserError.at(path, "is no file; write the path of one", "tokens");
        if ((mode & 0o077) !== 0)
          throw UserError.at(
            path,
            `has the mode ${(mode & 0o777).toString(8)}: others may open it; chmod 600 it`,
            "tokens",
          );
        if (user !== undefined && ![user, 0].includes(uid))
          throw UserError.at(path, "belongs to another user; make it your own", "tokens");
        if (size > LARGEST_FILE) throw UserError.at(path, "is larger than 4 MB", "tokens");
        return await file.readFile("utf8");
      } finally {
        await file.close();
      }
    },
  };
}

const OPENING: Readonly<Record<string, string>> = {
  ENOENT: "is not there; make it with cdk-nomad pool token create",
  ELOOP: "is a link, and links are not followed here; write the file's own path",
  EACCES: "may not be opened; look at its owner and its mode",
  EISDIR: "is a folder",
};
