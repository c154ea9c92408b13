import pLimit from "p-limit";
import { messageOf, type ConsulClient } from "../../nomad";
import type { RecordedInConsul, StackRecord } from "../../stack-record";
import { AT_ONCE } from "../plan";
import { recordedInConsul } from "../record";
import type { StackContents } from "../stack";
import { isThere, ownerInConsul, sparedKeys, whyNoName, whyNoPrefix, withSplitters } from "./clear-consul";

/** Something that a stack made in Consul and its program has no longer, that stays, and why. */
export interface KeptInConsul extends RecordedInConsul {
  readonly reason: string;
}

/** What became of what a program does not have in Consul any more. */
export interface FoundLeftovers {
  /** What is there still. */
  readonly leftovers: readonly RecordedInConsul[];
  /** What nobody can judge, or nobody may remove unasked. */
  readonly kept: readonly KeptInConsul[];
  /** What is not there any more, or is another's by now: no record needs it. */
  readonly gone: readonly RecordedInConsul[];
}

/** What finding leftovers takes. */
export interface LeftoverOptions {
  readonly consul: ConsulClient;
  readonly contents: Pick<StackContents, "objects">;
  /** What other stacks made. */
  readonly otherStacks: readonly StackRecord[];
  readonly signal?: AbortSignal;
}

/**
 * Finds what a stack made in Consul and its program has no longer: keys and configuration entries, with the splitters that canaries brought. Keys below
 * a prefix that the program has are its own, whatever prefix brought them once.
 *
 * @param known what the stack's record has in Consul
 */
export async function findLeftovers(
  known: readonly RecordedInConsul[],
  { consul, contents, otherStacks: others, signal }: LeftoverOptions,
): Promise<FoundLeftovers> {
  const wanted = recordedInConsul(contents.objects);
  const spared = sparedKeys(others, wanted);
  const limit = pLimit(AT_ONCE);
  // The program's own resolvers have splitters of their own.
  const own = withSplitters(wanted);
  const judged = await Promise.all(
    withSplitters(known)
      .filter((item) => !own.some((each) => isSameInConsul(each, item)))
      .map((item) =>
        limit(async (): Promise<Partial<FoundLeftovers>> => {
          signal?.throwIfAborted();
          const unusable = whyNoName(item.name);
          if (unusable !== undefined) return { kept: [{ ...item, reason: unusable }] };
          if (ownerInConsul(item, others) || isBelow(item, wanted)) return { gone: [item] };
          try {
            if (!(await isThere(item, consul, spared))) return { gone: [item] };
            const cut = whyNoPrefix(item);
            return cut === undefined ? { leftovers: [item] } : { kept: [{ ...item, reason: cut }] };
          } catch (error) {
            signal?.throwIfAborted();
            return { kept: [{ ...item, reason: `Consul does not tell of it: ${messageOf(error)}` }] };
          }
        }),
      ),
  );
  return {
    leftovers: judged.flatMap(({ leftovers = [] }) => leftovers),
    kept: judged.flatMap(({ kept = [] }) => kept),
    gone: judged.flatMap(({ gone = [] }) => gone),
  };
}

/** Whether two are the same in Consul. */
export function isSameInConsul(a: RecordedInConsul, b: RecordedInConsul): boolean {
  return a.kind === b.kind && a.name === b.name;
}

/** Whether keys are below a prefix that a program has. */
function isBelow({ kind, name }: RecordedInConsul, wanted: readonly RecordedInConsul[]): boolean {
  return kind === "keys" && wanted.some((item) => item.kind === "keys" && name.startsWith(item.name));
}
