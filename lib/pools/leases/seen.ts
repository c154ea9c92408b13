import { ReadableError } from "../../errors";
import type { BookParts } from "./book-parts";
import { pause } from "./clock";

/** How long managers that are there may take to see what one of them wrote, in milliseconds, and four times the ttl at least. */
const SEEN_WITHIN = 10_000;
/** How often it is looked whether they have, in parts of the ttl. */
const LOOKS = 20;

/**
 * Managers of a pool that are there and have not seen what was written: until they have, they go by what was there before. Their process hangs, they
 * cannot read the store, or they are of a release that does not say what it has seen.
 */
export class ManagersBehindError extends ReadableError {
  override readonly name = "ManagersBehindError";
  readonly code = "managers-behind";

  constructor(
    /** The pool's name. */
    readonly pool: string,
    /** Their ids. */
    readonly managers: readonly string[],
    what: string,
    milliseconds: number,
  ) {
    const [number, have, them] =
      managers.length === 1 ? ["1 manager", "has", "it"] : [`${managers.length} managers`, "have", "them"];
    const seconds = Math.round(milliseconds / 1000);
    super(
      `${number} of the pool ${pool} ${have} not seen ${what} within ${seconds} s: ${managers.join(", ")}; stop ${them}, or try again`,
    );
    this.quietly("pool", "managers");
  }
}

/**
 * Waits until every manager of a pool has seen what was written at a version of the store: its heartbeats say up to where it has seen the pool. One
 * that is silent for its ttl is not waited for, since it claims nothing before it has looked at the pool anew.
 *
 * @param what was written, for the error
 * @throws ManagersBehindError where some that are not silent have not seen it within ten seconds, or four times the ttl where that is longer
 */
export async function seenByAll(
  { clock, ttl, view, keys, manager }: BookParts,
  version: number,
  what: string,
): Promise<void> {
  const own = keys.manager(manager);
  const patience = Math.max(SEEN_WITHIN, 4 * ttl);
  const behind = () => [
    ...(view.seen >= version ? [] : [manager]),
    ...[...view.managers.values()]
      .filter(
        ({ key, record, since }) =>
          key !== own && (record?.seen ?? 0) < version && clock.now() - since < (record?.ttl ?? ttl),
      )
      .map(({ key }) => keys.lastOf(key)),
  ];
  for (const end = clock.now() + patience; ; await pause(clock, ttl / LOOKS)) {
    const managers = behind();
    if (managers.length === 0) return;
    if (clock.now() > end) throw new ManagersBehindError(keys.pool, managers.sort(), what, patience);
  }
}
