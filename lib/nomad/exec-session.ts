import { Readable } from "node:stream";
import { NoAnswerError } from "../errors";
import { setTimeout as sleep } from "node:timers/promises";
import * as v from "valibot";
import type { RawData, WebSocket } from "ws";
import { allocationStub, execFrame, parseJson, readAnswer } from "./answers";
import { apiPath, type ApiPath } from "./api-path";
import { ApiError } from "./errors";
import { ClosedError, SilenceError } from "./failure";
import type { Http } from "./http";
import { openWebSocket } from "./web-socket";

/** What an exec may have along. */
export interface ExecOptions {
  /** Gives up waiting, or closes the session. That kills nothing: a command that runs goes on. */
  readonly signal?: AbortSignal;
  /**
   * Whether it does not wait behind other sessions, since it ends what they run; few of these are open at once.
   *
   * @default false
   */
  readonly urgent?: boolean;
  /** Told once it waits behind no other session any more: from then on it is the server that is waited for. */
  readonly onTurn?: () => void;
}

/**
 * A command in a running task, with its streams. Both outputs are read as they come; whoever does not read one of them holds the command
 * up once some 512 KB wait, and so what it writes never fills the memory here.
 */
export interface ExecSession {
  /**
   * Writes to the command's standard input.
   *
   * @returns when the connection has taken it
   * @throws as {@link exitCode} where the session is over
   */
  write(data: Uint8Array): Promise<void>;
  /** Ends the command's standard input. Without it no exit code comes. */
  end(): Promise<void>;
  /** What it writes, to the end of the session, however that ends. */
  readonly stdout: AsyncIterable<Uint8Array>;
  readonly stderr: AsyncIterable<Uint8Array>;
  /**
   * How the command ended, once its outputs were read.
   *
   * Rejected with an ApiError where the server refused it (no such allocation or task, no such program: then nothing ran), with a
   * NoAnswerError where the connection was lost or is silent: then it is not known what the command does; and with the signal's reason.
   */
  readonly exitCode: Promise<number>;
  /** Lets go of the connection, without a word to the command: it goes on. */
  close(): void;
}

/** So much of a stream waits here for its reader, in bytes. */
const WAITING = 256 * 1024;
/** Input is sent in pieces of so many bytes, as a pipe takes it. */
const PIECE = 32 * 1024;
/** So much input a server takes at once, whether or not the command reads it: the command's pipe alone holds twice as much. In bytes. */
const TAKEN_AT_ONCE = 32 * 1024;
/** Pauses before a server is asked again that has too many connections; the last is repeated. */
const PAUSES = [50, 100, 200, 400, 800];
const LONGEST_WAIT = 15_000;
/** Codes that Nomad closes with: 1011, or an HTTP status on top of 4000. */
const INTERNAL = 1011;
const STATUS = 4000;
/** How long a server may take to close its side. */
const CLOSING = 1000;

interface Place {
  readonly allocation: string;
  readonly task: string;
}

/** Opens a session. Nomad with too many connections is asked again for a while; nothing has begun then. */
export async function openExec(
  http: Http,
  { allocation, task, command }: Place & { readonly command: readonly string[] },
  options: ExecOptions,
): Promise<ExecSession> {
  const { signal } = options;
  const path = apiPath`/v1/client/allocation/${allocation}/exec`;
  const release = await http.sessions.turn(options);
  try {
    options.onTurn?.();
    if (http.sessions.areEnded) throw http.failure(new ClosedError(), "GET", path, { signal });
    const query = { task, command: JSON.stringify(command), tty: false };
    const accept = (socket: WebSocket) => new WebSocketExec(http, path, { allocation, task }, socket, signal);
    const session = await untilNotBusy(() => openWebSocket(http, path, { query, signal }, accept), signal);
    void session.closed.then(release);
    return session;
  } catch (error) {
    release();
    throw error;
  }
}

async function untilNotBusy<T>(open: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  const end = performance.now() + LONGEST_WAIT;
  for (let turn = 0; ; turn += 1) {
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 429 || performance.now() > end) throw error;
      const pause = PAUSES[Math.min(turn, PAUSES.length - 1)] ?? 0;
      await sleep(pause * (0.5 + Math.random()), undefined, { signal });
    }
  }
}

class WebSocketExec implements ExecSession {
  readonly stdout = this.output();
  readonly stderr = this.output();
  readonly exitCode: Promise<number>;
  /** Settles when the connection is no more. */
  readonly closed: Promise<void>;
  readonly #full = new Set<Readable>();
  readonly #heartbeat: NodeJS.Timeout;
  #heard = performance.now();
  /**
   * How many pieces of input were sent, and how many of them the server has read, as its answers to pings tell: one that waits for a command to
   * take its input reads no ping, and is not silent.
   */
  #sent = 0;
  #taken = 0;
  /** How much input was sent, in bytes. */
  #input = 0;
  #asking: Promise<void> | undefined;
  /** Whether the server has sent anything. */
  #spoken = false;
  #code: number | undefined;
  #error: unknown;

  constructor(
    private readonly http: Http,
    private readonly path: ApiPath,
    private readonly place: Place,
    private readonly socket: WebSocket,
    private readonly signal: AbortSignal | undefined,
  ) {
    const forget = http.sessions.opened(() => this.fail(new ClosedError()));
    const cancel = () => this.fail(signal?.reason);
    signal?.addEventListener("abort", cancel, { once: true });
    this.#heartbeat = setInterval(() => this.beat(), http.silence / 2);
    socket.on("message", (data) => this.read(data));
    socket.on("pong", (sent) => {
      this.hear();
      this.#taken = Number(sent.toString());
    });
    // A server that refuses closes at once: its reason is told, and not that the connection was reset under what is still sent.
    socket.on("error", (error) => (this.#error ??= error));
    this.closed = new Promise((resolve) => {
      socket.once("close", () => {
        forget();
        signal?.removeEventListener("abort", cancel);
        clearInterval(this.#heartbeat);
        resolve();
      });
    });
    this.exitCode = new Promise((resolve, reject) => {
      const settle = (closing?: { readonly code: number; readonly reason: string }) => {
        for (const stream of [this.stdout, this.stderr]) if (!stream.destroyed) stream.push(null);
        if (this.#code !== undefined) resolve(this.#code);
        else this.reason(closing).then(reject, reject);
      };
      this.#settle = settle;
      socket.once("close", (code, reason) => settle({ code, reason: reason.toString() }));
    });
    // Whoever does not ask need not hear of it.
    this.exitCode.catch(() => undefined);
    if (signal?.aborted) cancel();
  }

  #settle: () => void = () => undefined;

  async write(data: Uint8Array): Promise<void> {
    for (let at = 0; at < data.length; at += PIECE) {
      const piece = Buffer.from(data.buffer, data.byteOffset + at, Math.min(PIECE, data.length - at));
      this.#input += piece.length;
      await this.send({ stdin: { data: piece.toString("base64") } });
    }
  }

  async end(): Promise<void> {
    await this.send({ stdin: { close: true } });
  }

  close(): void {
    this.fail(new ClosedError());
  }

  private output(): Readable {
    const stream: Readable = new Readable({
      highWaterMark: WAITING,
      read: () => {
        if (this.#full.delete(stream) && this.#full.size === 0) {
          this.hear();
          this.socket.resume();
        }
      },
      destroy: (error, callback) => {
        // Who has stopped reading a stream does not hold the other up.
        stream._read(0);
        callback(error);
      },
    });
    return stream;
  }

  private async send(message: object): Promise<void> {
    this.#sent += 1;
    await new Promise<void>((resolve, reject) => {
      this.socket.send(JSON.stringify(message), (error) => {
        if (!error) resolve();
        // What ended the session says more than that it is over.
        else this.exitCode.then(() => resolve(), reject);
      });
    });
  }

  private read(data: RawData): void {
    this.hear();
    this.#spoken = true;
    try {
      const source = this.http.source("GET", this.path);
      const frame = readAnswer(execFrame, parseJson(String(data as Buffer), source), source);
      this.push(this.stdout, frame.stdout?.data);
      this.push(this.stderr, frame.stderr?.data);
      if (!frame.exited) return;
      this.#code = frame.result?.exit_code ?? 0;
      this.#settle();
      this.socket.close();
      const late = setTimeout(() => this.socket.terminate(), CLOSING);
      this.socket.once("close", () => clearTimeout(late));
    } catch (error) {
      this.fail(error);
    }
  }

  /** Why there can be no session, by what the servers know. */
  private async whyRefused(): Promise<string | undefined> {
    const { allocation, task } = this.place;
    const known = await this.http.find(apiPath`/v1/allocation/${allocation}`, allocationStub, { signal: this.signal });
    if (!known) return `Unknown allocation "${allocation}"`;
    const state = known.TaskStates[task];
    if (!state) return `Unknown task "${task}" in the allocation ${allocation}`;
    return state.State === "running" ? undefined : `task "${task}" is not running, it is ${state.State}`;
  }

  private push(stream: Readable, data: string | null | undefined): void {
    if (!data || stream.destroyed || stream.push(Buffer.from(data, "base64"))) return;
    this.#full.add(stream);
    this.socket.pause();
  }

  private hear(): void {
    this.#heard = performance.now();
  }

  /** Asks for a sign of life where none came, so that neither a proxy nor a server that is gone is waited for in vain. */
  private beat(): void {
    // Who does not read hears nothing, and a server whose output nobody takes could not answer either.
    if (this.#full.size > 0) return this.hear();
    const silence = performance.now() - this.#heard;
    const isTaken = this.#taken === this.#sent;
    if (silence >= this.http.silence * 1.5 && (isTaken || this.#input <= TAKEN_AT_ONCE)) this.fail(new SilenceError());
    else if (silence >= this.http.silence / 2 || !isTaken) this.socket.ping(String(this.#sent));
    if (silence >= this.http.silence * 1.5 && !isTaken) this.#asking ??= this.askBeside();
  }

  /** A server that waits for a command to take its input answers others meanwhile; one that answers nobody is gone. */
  private async askBeside(): Promise<void> {
    try {
      await this.http.get(apiPath`/v1/status/leader`, v.unknown(), { signal: this.signal });
    } catch (error) {
      if (error instanceof NoAnswerError) this.fail(new SilenceError());
    } finally {
      this.#asking = undefined;
    }
  }

  private fail(error: unknown): void {
    this.#error ??= error;
    this.#settle();
    this.socket.terminate();
  }

  /** Why the session ended without an exit code. */
  private async reason(closing: { readonly code: number; readonly reason: string } | undefined): Promise<unknown> {
    const { code, reason } = closing ?? { code: 0, reason: "" };
    if (code === INTERNAL || code > STATUS) {
      const status = code === INTERNAL ? 500 : code - STATUS;
      return this.http.refusal({ status, text: reason }, "GET", this.path);
    }
    // A server that refuses closes at once, and what it says is lost where something is on its way to it in that moment.
    if (!this.#spoken && (this.#error === undefined || isReset(this.#error))) {
      const refused = await this.whyRefused().catch(() => undefined);
      if (refused !== undefined) return this.http.refusal({ status: 404, text: refused }, "GET", this.path);
    }
    const cut = Object.assign(new Error(`the connection was cut, ${code}`), { code: "ECONNRESET" });
    return this.http.failure(this.#error ?? cut, "GET", this.path, { signal: this.signal });
  }
}

function isReset(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ECONNRESET" || error.code === "EPIPE");
}
