import type { RawData, WebSocket } from "ws";
import type { ScreenStream } from "../pools";

/** What a WebSocket is closed with where the session has ended, or its machine does not answer. */
const ENDED = 4410;
/** What it is closed with where whoever looks may not any more. */
const FORBIDDEN = 4403;

/** For how long a screen is carried. */
export interface CarryOptions {
  /** Says that the session is wanted; where it fails for good, the connection ends. */
  readonly renew: () => Promise<void>;
  /** How often it says so, in milliseconds. */
  readonly every: number;
  /** Rejected where whoever looks may not any more: the connection ends. */
  readonly mayLook: () => Promise<void>;
  /** How often that is asked, in milliseconds. */
  readonly looks: number;
}

/**
 * Carries a screen's bytes between a person's browser and the machine, each way as fast as the slower end takes them.
 *
 * @returns when the connection is over
 */
export async function carry(
  socket: WebSocket,
  screen: ScreenStream,
  { renew, every, mayLook, looks }: CarryOptions,
): Promise<void> {
  let writing = Promise.resolve();
  const end = (): void => {
    clearInterval(renewing);
    clearInterval(looking);
    void screen.end().catch(() => undefined);
    screen.close();
  };
  const renewing = setInterval(() => {
    renew().catch(() => socket.close(ENDED, "the session has ended"));
  }, every);
  const looking = setInterval(() => {
    mayLook().catch(() => socket.close(FORBIDDEN, "the token was taken away"));
  }, looks);
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
    socket.close(ENDED, "the screen has ended");
  }
}

function bytesOf(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}
