import type { PoolBusyError } from "../pools";

/**
 * Tells the service's own log what keeps containers of its pools away, such as a driver that no node has. Whoever claims is not told what the cluster says. Each
 * reason is told once for as long as it is the same and the pool gives nothing out.
 */
export class BusyPools {
  readonly #told = new Map<string, string>();

  /** @param onTrouble told of it */
  constructor(private readonly onTrouble: (message: string) => void) {}

  /** A claim was refused. */
  tell({ pool, message, summary }: PoolBusyError): void {
    const why = message.slice(summary.length).replace(/^; /, "");
    if (why === "" || this.#told.get(pool) === why) return;
    this.#told.set(pool, why);
    this.onTrouble(`the pool ${pool} has nothing free: ${why}`);
  }

  /** A pool has given something out: the next reason is told again. */
  gaveOut(pool: string): void {
    this.#told.delete(pool);
  }
}
