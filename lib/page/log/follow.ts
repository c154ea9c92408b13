import { setTimeout as sleep } from "node:timers/promises";
import type { Masking } from "../../masking";
import { ApiError, LEAST_FROM_END, messageOf, startOfFirst, type LogFrame } from "../../nomad";
import { LogLines } from "./lines";
import { isBefore, type LogPosition } from "./position";

/** What is told of what a task writes. */
export type LogPiece =
  /** Whole lines, each with its end. Whoever knows them goes on at `position`. */
  | { readonly kind: "lines"; readonly text: string; readonly position: LogPosition }
  /** The line that has no end yet, in the place of what was told of it before. */
  | { readonly kind: "open"; readonly text: string }
  /** Something between the lines that the task did not write. */
  | { readonly kind: "note"; readonly message: string }
  /** How it goes: `ended` is the last that is told. */
  | { readonly kind: "state"; readonly state: LogState; readonly message: string };

/** `waiting`: the task has not started; `cut`: Nomad does not give its output just now, and is asked again. */
export type LogState = "following" | "waiting" | "cut" | "ended";

/** Who is told. */
export interface LogReader {
  onPiece(piece: LogPiece): void;
  /** Whether so much waits for them that nothing more is read for now. */
  readonly isFull: boolean;
  /** Is settled once they take more. */
  ready(signal: AbortSignal): Promise<void>;
}

/** What following takes. */
export interface FollowOptions {
  /** Opens the output at so many bytes before its end. */
  readonly open: (options: {
    readonly follow: boolean;
    readonly lastBytes: number;
    readonly signal: AbortSignal;
  }) => AsyncIterable<LogFrame>;
  readonly reader: LogReader;
  readonly masking: Masking;
  /** Where somebody was who was cut off. Default: the last 128 KiB are told first. */
  readonly from?: LogPosition;
  /** Is settled with a sentence once the task writes nothing more. */
  readonly ended: Promise<string>;
  readonly signal: AbortSignal;
  readonly timing?: Partial<FollowTiming>;
}

/** In milliseconds, and in bytes a second. */
export interface FollowTiming {
  /** The first pause before it is asked again; it doubles up to the longest. */
  readonly pause: number;
  readonly longestPause: number;
  /** Nomad writes what a task said into its file ten times a second, and once more after its end: until that is surely done. */
  readonly written: number;
  /** What one reader is told in a second: nobody reads more. */
  readonly rate: number;
}

const TIMING: FollowTiming = { pause: 500, longestPause: 5000, written: 300, rate: 1024 * 1024 };
/** What is asked for again where a connection was cut; what was written meanwhile and is more is left out, and said. */
const LONGEST_GAP = 1024 * 1024;

/** Why a connection was left: it is over, the reader is full, more was written than was asked for, or what was known is not there. */
type Left = "over" | "full" | "gap" | "lost";

/**
 * Follows what a task writes until it ends or nobody looks any more. A connection that is cut is opened again where it was, without a line twice or missing;
 * whoever reads slowly has the connection closed meanwhile, so that nothing piles up here.
 */
export async function followLog(options: FollowOptions): Promise<void> {
  await new LogFollower(options).run();
}

class LogFollower {
  readonly #timing: FollowTiming;
  /** The next byte that was not read. */
  #at: LogPosition | undefined;
  /** Where somebody says that they were: what is before it is read and not told, since what is secret may begin there. */
  #from: LogPosition | undefined;
  #lines: LogLines | undefined;
  #ended: string | undefined;
  #state: string | undefined;
  #told = { bytes: 0, since: 0 };

  constructor(private readonly options: FollowOptions) {
    this.#timing = { ...TIMING, ...options.timing };
    this.#from = options.from;
  }

  async run(): Promise<void> {
    const { signal, ended } = this.options;
    const over = new AbortController();
    void ended.then((message) => {
      this.#ended = message;
      over.abort();
    });
    const following = AbortSignal.any([signal, over.signal]);
    const nap = (time: number, until: AbortSignal) => sleep(time, undefined, { signal: until }).catch(() => undefined);
    let pause = this.#timing.pause;
    for (let lastBytes = LEAST_FROM_END; !signal.aborted;) {
      const isLast = this.#ended !== undefined;
      if (isLast) await nap(this.#timing.written, signal);
      try {
        const left = await this.read({ follow: !isLast, lastBytes, signal: isLast ? signal : following });
        pause = this.#timing.pause;
        lastBytes = left === "gap" ? LONGEST_GAP : LEAST_FROM_END;
        if (left === "full") await this.calm();
        if (left === "over" && isLast) return this.end();
        if (left === "over") await nap(pause, following);
      } catch (error) {
        if (signal.aborted) return;
        if (!isLast && following.aborted) continue;
        if (isLast && isAbsent(error)) return this.end("; nothing of what it wrote is there any more");
        this.say(error);
        await nap(pause, isLast ? signal : following);
        pause = Math.min(pause * 2, this.#timing.longestPause);
      }
    }
  }

  /** Reads one connection. */
  private async read(how: {
    readonly follow: boolean;
    readonly lastBytes: number;
    readonly signal: AbortSignal;
  }): Promise<Left> {
    const { open, reader } = this.options;
    let place: LogPosition | undefined;
    let quiet = 0;
    for await (const frame of open(how)) {
      if (frame.file === "") {
        quiet += 1;
        // One may come in the middle of what is there already, two do not.
        if (quiet > 1 && this.isLost(place)) return this.lose();
        this.idle();
        continue;
      }
      quiet = 0;
      const isFirst = place === undefined;
      place = placeOf(frame, place);
      if (frame.isTruncated && this.#at?.file === place.file) this.#at = place;
      if (frame.isTruncated && this.#from?.file === place.file) this.#from = undefined;
      if (isFirst && !this.begin(place, how.lastBytes)) return "gap";
      const begin = place;
      place = { file: begin.file, offset: begin.offset + frame.data.length };
      this.take(frame.data, begin, place);
      if (reader.isFull || this.isFast()) return "full";
    }
    if (this.isLost(place)) return this.lose();
    if (place === undefined) this.state("following", "");
    return "over";
  }

  /** Begins at a place. @returns false where more has to be asked for, since something was written between it and what was read last */
  private begin(place: LogPosition, asked: number): boolean {
    const at = this.#from ?? this.#at;
    if (this.#from && !isBefore(place, this.#from) && place.offset > 0 && asked < LONGEST_GAP) return false;
    if (at && isBefore(at, place)) {
      if (asked < LONGEST_GAP) return false;
      const bytes = at.file === place.file ? `${place.offset - at.offset} bytes` : "more than 1 MiB";
      this.note(`${bytes} are left out here: it was written faster than it could be shown`);
      this.#lines = undefined;
      this.#from = undefined;
    }
    if (this.#lines === undefined) {
      const isWhole = place.file === 0 && place.offset === 0;
      if (at === undefined && !isWhole) this.note("what it wrote before is not shown");
      this.#lines = new LogLines(this.options.masking, !isWhole);
      this.#at = place;
    }
    this.state("following", "");
    return true;
  }

  /** Whether the output ends before what was known of it. */
  private isLost(place: LogPosition | undefined): boolean {
    const known = this.#from ?? this.#at;
    return place !== undefined && known !== undefined && isBefore(place, known);
  }

  /** What was known is not there: the files are others. */
  private lose(): Left {
    this.#at = undefined;
    this.#from = undefined;
    this.#lines = undefined;
    this.note("its files are others than before");
    return "lost";
  }

  private take(data: Uint8Array, begin: LogPosition, end: LogPosition): void {
    const at = this.#at;
    if (at === undefined || !isBefore(at, end)) return;
    const fresh = at.file === begin.file ? data.subarray(Math.max(0, at.offset - begin.offset)) : data;
    this.#at = end;
    const told = this.#from === undefined ? 0 : bytesBefore(this.#from, fresh.length, end);
    if (told > 0) this.#lines?.push(fresh.subarray(0, told), { ...end, offset: end.offset - (fresh.length - told) });
    if (this.#from && !isBefore(end, this.#from)) this.#from = undefined;
    if (told < fresh.length) this.lines(this.#lines?.push(fresh.subarray(told), end) ?? "");
  }

  private idle(): void {
    this.state("following", "");
    this.lines(this.#lines?.idle() ?? "");
    const text = this.#lines?.open();
    if (text !== undefined) this.options.reader.onPiece({ kind: "open", text });
  }

  private lines(text: string): void {
    const position = this.#lines?.position;
    if (text === "" || position === undefined) return;
    this.#told.bytes += text.length;
    this.options.reader.onPiece({ kind: "lines", text, position });
  }

  private note(message: string): void {
    this.options.reader.onPiece({ kind: "note", message });
  }

  private state(state: LogState, message: string): void {
    if (this.#state === state + message) return;
    this.#state = state + message;
    this.options.reader.onPiece({ kind: "state", state, message });
  }

  private say(error: unknown): void {
    if (isAbsent(error) && /not started/i.test(error.body))
      return this.state("waiting", "it has not started yet; what it writes comes as soon as it does");
    this.state(
      "cut",
      `its output does not come just now, and is asked for again: ${this.options.masking.text(messageOf(error))}`,
    );
  }

  private end(more = ""): void {
    this.lines(this.#lines?.end() ?? "");
    this.options.reader.onPiece({ kind: "open", text: "" });
    this.state("ended", `${this.#ended ?? ""}${more}`);
  }

  /** Whether so much was told in this second that the rest waits for the next. */
  private isFast(): boolean {
    const now = performance.now();
    if (now - this.#told.since > 1000) this.#told = { bytes: 0, since: now };
    return this.#told.bytes > this.#timing.rate;
  }

  private async calm(): Promise<void> {
    const { reader, signal } = this.options;
    const rest = this.isFast() ? this.#told.since + 1000 - performance.now() : 0;
    if (rest > 0) await sleep(rest, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) await reader.ready(signal).catch(() => undefined);
  }
}

/** Where a frame begins. */
function placeOf(frame: LogFrame, before: LogPosition | undefined): LogPosition {
  if (before === undefined) return { file: frame.number, offset: frame.isTruncated ? 0 : startOfFirst(frame) };
  return frame.isTruncated || frame.number !== before.file ? { file: frame.number, offset: 0 } : before;
}

function isAbsent(error: unknown): error is ApiError {
  return error instanceof ApiError && error.status === 404;
}

/** How many bytes of what ends at a place are before another one. */
function bytesBefore(place: LogPosition, length: number, end: LogPosition): number {
  if (place.file !== end.file) return isBefore(end, place) ? length : 0;
  return Math.min(length, Math.max(0, length - (end.offset - place.offset)));
}
