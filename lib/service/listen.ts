import { UserError } from "../errors";
import type { Service } from "./service";

/** Where a service listens, and how it ends. */
export interface ListenOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** How long commands may take to end by themselves after it was told to stop, in milliseconds. */
  readonly grace: number;
  /** Tells it to stop. */
  readonly signal: AbortSignal;
  /** Told where it listens. */
  readonly onListening: (address: string) => void;
}

/**
 * Serves until the signal is aborted, and then ends in order.
 *
 * @throws UserError where it cannot listen there
 */
export async function serve(service: Service, options: ListenOptions): Promise<void> {
  const { host, port, grace, signal, onListening } = options;
  try {
    signal.throwIfAborted();
    onListening(await service.app.listen({ host, port }));
  } catch (error) {
    await service.end(0);
    if (signal.aborted) return;
    const why = LISTENING[(error as NodeJS.ErrnoException).code ?? ""];
    if (why === undefined) throw error;
    throw UserError.at(`${host}:${port}`, why, "listen");
  }
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await service.end(grace);
}

const LISTENING: Readonly<Record<string, string>> = {
  EADDRINUSE: "somebody else listens there; write another --port",
  EACCES: "this user may not listen there; write a --port above 1023",
  EADDRNOTAVAIL: "is no address of this machine; write another --listen",
  ENOTFOUND: "is no address; write --listen 127.0.0.1, say",
};

/** Whether only this machine reaches an address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}
