import { judgeRemains, type JudgedRemains, type JudgingOptions, type Owners, type Remaining } from "../operations";

/** What of a command line decides what becomes of what its program has no longer. */
export interface PruneInput {
  /** Whether it goes also where that is refused unasked. Default: false. */
  readonly prune?: boolean;
  /** Whether it stays in any case. Default: false. */
  readonly noPrune?: boolean;
}

/** All that decides what becomes of it: of the command line, and of what is known of the cluster. */
export interface PruneContext extends PruneInput {
  /** Why nothing may be taken away at all, whatever the command line asks for. */
  readonly whyNot: string | undefined;
}

/**
 * Judges what a program has no longer, for a deployment and for its preview alike: each with why it stays, and what takes it away.
 *
 * @param options undefined where nothing is known of the deployment before
 */
export function judgePruning(
  found: Remaining,
  options: JudgingOptions | undefined,
  { prune = false, noPrune = false, whyNot }: PruneContext,
): JudgedRemains {
  if (noPrune) return staysAll(found, "--no-prune keeps it");
  if (whyNot !== undefined) return staysAll(found, whyNot);
  if (prune) return found;
  const judged = options ? judgeRemains(found, options) : staysAll(found, "nothing is known of the deployment before");
  return {
    strays: judged.strays.map((stray) => withWay(stray, "stops")),
    leftovers: judged.leftovers.map((item) => withWay(item, "removes")),
  };
}

/** Why nobody can say that what goes is not another stack's; undefined where somebody can. */
export function whyNotKnown({ unread }: Pick<Owners, "unread">): string | undefined {
  return unread.length > 0 ? `records of other stacks cannot be read: ${unread.join("; ")}` : undefined;
}

function staysAll({ strays, leftovers }: Remaining, reason: string): JudgedRemains {
  return {
    strays: strays.map((stray) => ({ ...stray, reason })),
    leftovers: leftovers.map((item) => ({ ...item, reason })),
  };
}

function withWay<T extends { readonly reason?: string }>(item: T, does: string): T {
  return item.reason === undefined ? item : { ...item, reason: `${item.reason}; --prune ${does} it` };
}
