import {
  findStrays,
  removeFromConsul,
  stopStrays,
  whyNotPruned,
  type DeployOptions,
  type JobOutcome,
  type KeptStray,
} from "../operations";
import type { RecordContent, RecordedInConsul, RecordedJob, RecordedOthers } from "../stack-record";
import { term, wrap } from "../text";
import type { CliContext } from "./context";
import { EXIT, exitCodeOf } from "./exit-codes";
import type { OpenStack } from "./open-stack";
import { ATTENTION, GOOD } from "./signs";
import { ownersOf, whyLeased } from "./stack-owners";

/** What of a deployment decides what becomes of the jobs that its program has no longer. */
export interface PruneInput {
  /** Whether they are stopped also where that is refused unasked, and what is left in Consul is removed. Default: false. */
  readonly prune?: boolean;
  /** Whether they stay in any case. Default: false. */
  readonly noPrune?: boolean;
}

/** What became of the jobs that a program has no longer. */
export interface Pruned {
  readonly stopped: readonly RecordedJob[];
  readonly kept: readonly KeptStray[];
  /** What a program has no longer in Consul, and is there still. */
  readonly inConsul: readonly RecordedInConsul[];
}

/** Stops what the program of a stack has no longer, once all that it has is healthy. */
export class Pruning {
  #done: Pruned = { stopped: [], kept: [], inConsul: [] };

  constructor(
    private readonly stack: OpenStack,
    private readonly content: Pick<RecordContent, "variables" | "surroundings">,
    private readonly input: PruneInput,
    private readonly context: CliContext,
  ) {}

  /** What became of them, once the deployment has ended. */
  get done(): Pruned {
    return this.#done;
  }

  /** What a deployment asks at its end. @returns what no record needs any more */
  readonly prune: NonNullable<DeployOptions["prune"]> = async (others, outcomes) => {
    const { nomad, consul, contents } = this.stack;
    const { signal, terminal } = this.context;
    const { others: records } = await ownersOf(this.stack, this.context);
    const leased = async (pool: string) => whyLeased(pool, this.stack);
    const { strays, kept, gone } = await findStrays(others.jobs, { nomad, contents, others: records, leased, signal });
    const reason = this.whyNot(outcomes) ?? (this.input.prune ? undefined : this.whyNotUnasked(strays));
    const onStep = (text: string) => terminal.note(term`  ${text}`);
    const stopped = reason === undefined ? await stopStrays(strays, { nomad, onStep, signal }) : [];
    const stay = reason === undefined ? kept : [...strays.map((stray) => ({ ...stray, reason })), ...kept];
    const isPruned = this.input.prune === true && reason === undefined;
    const removed = isPruned ? await removeFromConsul(others.consul, records, { consul, onStep, signal }) : [];
    const inConsul = others.consul.filter((item) => !removed.includes(item));
    this.#done = { stopped, kept: stay, inConsul };
    return { jobs: [...stopped, ...gone], consul: removed } satisfies RecordedOthers;
  };

  /** Says what became of them. */
  say(): void {
    const { terminal } = this.context;
    const { environment } = this.stack;
    for (const { id } of this.#done.stopped)
      terminal.note(
        wrap(
          term`${GOOD} ${id} is stopped, since the program has it no longer; bring it back with: cdk-nomad rollback ${environment} --job ${id}`,
          { hanging: 2 },
        ),
      );
    for (const { id, reason } of this.#done.kept)
      terminal.note(wrap(term`${ATTENTION} ${id} is no longer in the program, and runs on: ${reason}`, { hanging: 2 }));
    for (const { kind, name } of this.#done.inConsul)
      terminal.note(
        wrap(
          term`${ATTENTION} ${kind === "keys" ? "keys below" : kind} ${name} in Consul: the program has it no longer; --prune removes it`,
          { hanging: 2 },
        ),
      );
  }

  /** Why nothing may be stopped at all. */
  private whyNot(outcomes: readonly JobOutcome[]): string | undefined {
    if (this.input.noPrune) return "--no-prune keeps it";
    if (outcomes.some(({ result }) => result === "detached")) return "nobody waited until the rest is healthy";
    return exitCodeOf(outcomes) === EXIT.ok ? undefined : "the rest is not healthy yet";
  }

  private whyNotUnasked(strays: Parameters<typeof whyNotPruned>[0]): string | undefined {
    const { record } = this.stack;
    const reason = record && strays.length > 0 ? whyNotPruned(strays, record, this.content) : undefined;
    return reason && `${reason}; --prune stops it`;
  }
}
