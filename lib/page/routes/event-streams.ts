import { once } from "node:events";
import type { FastifyReply, FastifyRequest } from "fastify";
import { ANSWER_HEADERS, HttpProblem, type ServiceParts } from "../../service";

/** A page hears something at least so often, and knows by that that the service lives: milliseconds. */
const HEARTBEAT = 5_000;
/** What may wait for a page that reads slowly, in bytes: then it is let go, and comes back by itself. */
const LONGEST_WAIT = 4 * 1024 * 1024;
/** From so much on nothing more is asked for it that can be asked for later, in bytes. */
const FULL = 256 * 1024;

/** How many streams there may be at once. */
export interface StreamLimits {
  /** Of one session of a browser, or of one token. */
  readonly ofOne: number;
  /** Of one owner, with however many sessions. */
  readonly ofOwner: number;
  readonly all: number;
}

/** Streams of server-sent events, which end with the session or the token of whoever asked. */
export class EventStreams<Events> {
  readonly #open = new Map<FastifyReply, { readonly owner: string; readonly asker: string }>();

  constructor(
    private readonly limits: StreamLimits,
    private readonly parts: Pick<ServiceParts, "askedAgain" | "askerOf">,
  ) {}

  /**
   * Answers with a stream.
   *
   * @param begin begins what is told. It may tell at once, or say why there is nothing to tell
   * @throws HttpProblem where there are too many streams, and what `begin` throws
   */
  async answer(
    request: FastifyRequest,
    reply: FastifyReply,
    begin: (stream: EventsOut<Events>) => Promise<() => void>,
  ): Promise<FastifyReply> {
    const owner = request.caller?.owner ?? "";
    const asker = this.parts.askerOf(request);
    this.refuseTooMany(owner, asker);
    this.#open.set(reply, { owner, asker });
    const stream = new EventsOut<Events>(reply);
    let stop: () => void;
    try {
      stop = await begin(stream);
    } catch (error) {
      this.#open.delete(reply);
      throw error;
    }
    reply.hijack();
    reply.raw.writeHead(200, {
      "content-type": "text/event-stream",
      ...ANSWER_HEADERS,
      "x-accel-buffering": "no",
      "x-request-id": request.id,
    });
    stream.begin();
    const beat = setInterval(() => {
      reply.raw.write(": alive\n\n");
      // Whoever left their session, or whose token was taken away, is told nothing more.
      this.parts.askedAgain(request).catch(() => {
        stop();
        reply.raw.end();
      });
    }, HEARTBEAT);
    // It keeps no process that has nothing else to do.
    beat.unref();
    reply.raw.once("close", () => {
      clearInterval(beat);
      this.#open.delete(reply);
      stop();
    });
    if (reply.raw.destroyed) reply.raw.emit("close");
    return reply;
  }

  close(): void {
    for (const reply of this.#open.keys()) reply.raw.end();
  }

  private refuseTooMany(owner: string, asker: string): void {
    const open = [...this.#open.values()];
    const { ofOne, ofOwner, all } = this.limits;
    const why =
      open.filter((each) => each.asker === asker).length >= ofOne
        ? `${ofOne} of one session are the most`
        : open.filter((each) => each.owner === owner).length >= ofOwner
          ? `${ofOwner} of one owner are the most`
          : open.length >= all
            ? `${all} of everybody are the most`
            : undefined;
    if (why !== undefined)
      throw new HttpProblem("rate-limited", `too many streams are open: ${why}`, { retryAfter: 10 });
  }
}

/** One stream, as it is written. */
class EventsOut<Events> {
  #waiting: string[] | undefined = [];
  #isOver = false;

  constructor(private readonly reply: FastifyReply) {}

  send<E extends keyof Events & string>(event: E, data: Events[E]): void {
    const { raw } = this.reply;
    // A line break in a text is escaped by JSON: what a cluster says begins no event of its own.
    const text = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    if (this.#waiting) this.#waiting.push(text);
    else if (!raw.destroyed && !raw.writableEnded) {
      raw.write(text);
      if (raw.writableLength > LONGEST_WAIT) raw.destroy();
    }
  }

  /** Whether so much waits for a page that reads slowly that it is told nothing more for now. */
  get isFull(): boolean {
    return this.reply.raw.writableLength > FULL;
  }

  /** Is settled once a page has read what waits for it. */
  async ready(signal: AbortSignal): Promise<void> {
    if (this.reply.raw.writableNeedDrain) await once(this.reply.raw, "drain", { signal });
  }

  /** Writes what was told before the answer began. */
  begin(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    this.reply.raw.write(`retry: 2000\n\n${waiting.join("")}`);
    if (this.#isOver) this.reply.raw.end();
  }

  /** Ends it, where it begins only then too: nothing more is told. */
  end(): void {
    this.#isOver = true;
    if (this.#waiting === undefined) this.reply.raw.end();
  }
}
