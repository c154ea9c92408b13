import {
  changedValues,
  findLeftovers,
  findStrays,
  neededBy,
  recordedInConsul,
  removeLeftovers,
  sparedKeys,
  stopStrays,
  type DeployOptions,
  type JobOutcome,
  type JudgedRemains,
  type KeptInConsul,
  type KeptStray,
  type Owners,
  type Remaining,
  type Remains,
} from "../operations";
import type { RecordContent, RecordedInConsul, RecordedJob } from "../stack-record";
import { shellQuoted, term, wrap } from "../text";
import type { CliContext } from "./context";
import { EXIT, exitCodeOf } from "./exit-codes";
import type { OpenStack } from "./open-stack";
import { judgePruning, whyNotKnown, type PruneInput } from "./prune-verdicts";
import { thingInConsul } from "./plan-words";
import { ATTENTION, GOOD } from "./symbols";
import { ownersOf, whyLeased } from "./stack-owners";

/** What became of what a program has no longer. */
export interface Pruned {
  readonly stopped: readonly RecordedJob[];
  readonly kept: readonly KeptStray[];
  /** What was removed in Consul. */
  readonly removed: readonly RecordedInConsul[];
  /** What is in Consul still. */
  readonly inConsul: readonly KeptInConsul[];
}

/** Takes away what the program of a stack has no longer, once all that it has is healthy: jobs first, and then what they needed of Consul. */
export class Pruning {
  #done: Pruned = { stopped: [], kept: [], removed: [], inConsul: [] };
  /** Those of the stopped of which nothing but the record says that they are the stack's. */
  readonly #onlyRecorded = new Set<RecordedJob>();

  constructor(
    private readonly stack: OpenStack,
    private readonly content: Pick<RecordContent, "variables" | "environmentVariables">,
    private readonly input: PruneInput,
    private readonly context: CliContext,
  ) {}

  /** What became of it, once the deployment has ended. */
  get done(): Pruned {
    return this.#done;
  }

  /** What a deployment asks at its end. @returns what no record needs any more */
  readonly prune: NonNullable<DeployOptions["prune"]> = async (remains, outcomes) => {
    const { nomad, consul, contents } = this.stack;
    const { signal, terminal } = this.context;
    const owners = await ownersOf(this.stack, this.context, { again: true });
    const { otherStacks } = owners;
    const leased = async (pool: string) => whyLeased(pool, { ...this.stack, signal });
    const found = await findStrays(remains.jobs, { nomad, contents, owners, stack: remains.before, leased, signal });
    const inConsul = await findLeftovers(remains.consul, { consul, contents, otherStacks, signal });
    const judged = this.judge({ ...found, leftovers: inConsul.leftovers }, remains, owners, outcomes);

    const onStep = (text: string) => terminal.note(term`  ${text}`);
    const strays = await stopStrays(judged.strays.filter(goes), { nomad, onStep, signal });
    const needed = neededBy([...found.kept, ...strays.flatMap(staying)]);
    const doomed = judged.leftovers.filter(goes);
    const spared = sparedKeys(otherStacks, recordedInConsul(contents.objects));
    const leftovers =
      needed === undefined
        ? await removeLeftovers(doomed, { consul, spared, onStep, signal })
        : doomed.map((item) => ({ ...item, reason: needed }));
    const stopped = strays.filter(goes).map(({ id, region, namespace, onlyRecorded }) => {
      const job = { id, region, namespace };
      if (onlyRecorded) this.#onlyRecorded.add(job);
      return job;
    });
    const removed = leftovers.filter(goes);
    this.#done = {
      stopped,
      kept: [...[...judged.strays, ...strays].flatMap(staying), ...found.kept],
      removed,
      inConsul: [...[...judged.leftovers, ...leftovers].flatMap(staying), ...inConsul.kept],
    };
    const marked = stopped.map((job) => ({ ...job, stopped: true as const }));
    return { jobs: [...marked, ...found.gone], consul: [...removed, ...inConsul.gone] };
  };

  /** Says what became of it. */
  say(): void {
    const { terminal } = this.context;
    const { environment } = this.stack;
    for (const job of this.#done.stopped)
      terminal.note(
        wrap(
          term`${GOOD} ${job.id} is stopped, since the program has it no longer; bring it back with: cdk-nomad rollback ${shellQuoted(environment)} --job ${shellQuoted(job.id)}${this.#onlyRecorded.has(job) ? " --adopt" : ""}`,
          { hanging: 2 },
        ),
      );
    for (const { id, reason, isUnseen } of this.#done.kept) {
      const state = isUnseen ? "whether it runs is not known" : "runs on";
      terminal.note(
        wrap(term`${ATTENTION} ${id} is no longer in the program, and ${state}: ${reason}`, { hanging: 2 }),
      );
    }
    for (const item of this.#done.removed)
      terminal.note(
        wrap(term`${GOOD} ${thingInConsul(item)} in Consul: removed, since the program has it no longer`, {
          hanging: 2,
        }),
      );
    for (const { reason, ...item } of this.#done.inConsul)
      terminal.note(
        wrap(term`${ATTENTION} ${thingInConsul(item)} in Consul: no longer in the program, and stays: ${reason}`, {
          hanging: 2,
        }),
      );
  }

  private judge(
    found: Remaining,
    { before: written }: Remains,
    owners: Owners,
    outcomes: readonly JobOutcome[],
  ): JudgedRemains {
    const { recorded, asBefore } = this.stack;
    const read = recorded?.kind === "found" ? recorded.record : undefined;
    const before = written ?? read;
    // Another deployment may have written the record since it was read.
    const isSame = read !== undefined && before !== undefined && changedValues(read, before) === undefined;
    return judgePruning(
      found,
      before && {
        before,
        now: this.content,
        ...(isSame && asBefore ? { asBefore } : {}),
        names: owners.names,
      },
      { ...this.input, whyNot: this.whyNot(outcomes) ?? whyNotKnown(owners) },
    );
  }

  /** Why nothing may be taken away at all. */
  private whyNot(outcomes: readonly JobOutcome[]): string | undefined {
    if (outcomes.some(({ result }) => result === "detached")) return "nobody waited until the rest is healthy";
    return exitCodeOf(outcomes) === EXIT.ok ? undefined : "the rest is not healthy yet";
  }
}

interface Judged {
  readonly reason?: string;
}

function goes({ reason }: Judged): boolean {
  return reason === undefined;
}

/** What stays, with why. */
function staying<T extends Judged>(item: T): readonly (T & { readonly reason: string })[] {
  return item.reason === undefined ? [] : [{ ...item, reason: item.reason }];
}
