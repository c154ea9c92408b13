import type { RawData, WebSocket } from "ws";
import { LeaseEndedError, type ScreenStream } from "../pools";

/** What a WebSocket is closed with where the session has ended, or its machine does not answer. */
const ENDED = 4410;
/** What it is closed with where whoever looks may not any more. */
const FORBIDDEN = 4403;

/** What is said where a session is over. */
export const SESSION_ENDED = "the session has ended: its time was over, or somebody ended it";

/** For how long a screen is carried. */
export interface ForwardOptions {
  /** Says that the session is wanted. A LeaseEndedError ends the connection; anything else is tried again. */
  readonly renew: () => Promise<void>;
  /** How often it says so, in milliseconds. */
  readonly renewInterval: number;
  /** Rejected where whoever looks may not any more: the connection ends. */
  readonly mayLook: () => Promise<void>;
  /** How often that is asked, in milliseconds. */
  readonly recheckInterval: number;
  /** Why a screen has ended that nobody here ended, in words for whoever looks at it: at most 120 bytes, which is what a WebSocket carries. */
  readonly whyEnded: () => Promise<string>;
}

/**
 * Carries a screen's bytes between a person's browser and the machine, each way as fast as the slower end takes them.
 *
 * @returns when the connection is over
 */
export async function forwardScreen(
  socket: WebSocket,
  screen: ScreenStream,
  { renew, renewInterval, mayLook, recheckInterval, whyEnded }: ForwardOptions,
): Promise<void> {
  let writing = Promise.resolve();
  const end = (): void => {
    clearInterval(renewing);
    clearInterval(looking);
    void screen.end().catch(() => undefined);
    screen.close();
  };
  const renewing = setInterval(() => {
    renew().catch((error: unknown) => {
      if (error instanceof LeaseEndedError) socket.close(ENDED, SESSION_ENDED);
    });
  }, renewInterval);
  const looking = setInterval(() => {
    mayLook().catch(() => socket.close(FORBIDDEN, "the session of the page is over, or its token was taken away"));
  }, recheckInterval);
  screen.exitCode.catch(() => undefined);
  socket.on("error", () => socket.terminate());
  socket.on("close", end);
  socket.on("message", (data) => {
    socket.pause();
    writing = writing
      .then(() => screen.write(bytesOf(data)))
      .then(
        () => socket.resume(),
        () => socket.close(ENDED, "the screen does not answer"),
      );
  });
  try {
    for await (const chunk of screen.stdout) {
      if (socket.readyState !== socket.OPEN) break;
      await new Promise<void>((resolve) => socket.send(chunk, { binary: true }, () => resolve()));
    }
  } catch {
    // The connection to Nomad is lost: said by how the WebSocket is closed.
  } finally {
    end();
    if (socket.readyState === socket.OPEN) socket.close(ENDED, await whyEnded());
  }
}

function bytesOf(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}
