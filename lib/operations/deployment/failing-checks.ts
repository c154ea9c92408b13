import { setTimeout as sleep } from "node:timers/promises";
import { shortened } from "../../errors";
import type { AllocationStub, ConsulClient, JobJson, NomadClient } from "../../nomad";
import { servicesOf, type OfferedService } from "./job-groups";

/** A check of a service that does not pass. */
export interface FailingCheck {
  readonly allocation: string;
  readonly service: string;
  readonly check: string;
  readonly status: string;
  /** What the check answered last, its first lines. */
  readonly output: string;
}

/** Characters of what a check answered that are told. */
const LONGEST_OUTPUT = 400;
/** Checks are asked for at most so often, and waited for at most so long, in milliseconds. */
const INTERVAL = 2000;

/** Follows the checks of the allocations of a job; it remembers what it saw last of those that are gone meanwhile. */
export class FailingChecks {
  readonly #seen = new Map<string, readonly FailingCheck[]>();
  readonly #services: readonly OfferedService[];
  #asked = -Infinity;
  #asking: Promise<void> | undefined;

  constructor(
    job: JobJson,
    private readonly nomad: NomadClient,
    private readonly consul: ConsulClient | undefined,
  ) {
    this.#services = servicesOf(job);
  }

  /**
   * Those of allocations that run and are not healthy yet; asked for every two seconds at most. An answer that takes longer than that is waited
   * for in the background: a deployment is Nomad's, and a Consul that hangs does not hold whoever watches it.
   */
  async of(allocations: readonly AllocationStub[]): Promise<readonly FailingCheck[]> {
    const waiting = allocations.filter(isWaiting);
    for (const { ID, DeploymentStatus } of allocations) if (DeploymentStatus?.Healthy) this.#seen.delete(ID);
    if (waiting.length > 0 && !this.#asking && performance.now() - this.#asked > INTERVAL) {
      this.#asked = performance.now();
      this.#asking = this.askAll(waiting).finally(() => (this.#asking = undefined));
      await atMost(INTERVAL, this.#asking);
    }
    return allocations.flatMap(({ ID }) => this.#seen.get(ID) ?? []);
  }

  /** What was seen last of every allocation that was not healthy since, whether it is asked about still or not. */
  get remembered(): readonly FailingCheck[] {
    return [...this.#seen.values()].flat();
  }

  /**
   * How long until checks are worth another question, in milliseconds: Nomad tells no change where only a check says something else. Infinity where
   * nothing that has a check waits to be healthy.
   */
  rest(allocations: readonly AllocationStub[]): number {
    const has = ({ TaskGroup }: AllocationStub) => this.servicesOf(TaskGroup).some(({ Checks }) => Checks.length > 0);
    return allocations.some((allocation) => isWaiting(allocation) && has(allocation)) ? INTERVAL : Infinity;
  }

  private servicesOf(name: string): readonly OfferedService[] {
    return this.#services.filter(({ group }) => group === name);
  }

  private async askAll(waiting: readonly AllocationStub[]): Promise<void> {
    const lists = await Promise.all(waiting.map((allocation) => this.ask(allocation)));
    // Of an allocation that was stopped just now, whose services are gone, what they said last is kept: it tells why.
    waiting.forEach(({ ID }, index) => {
      const list = lists[index];
      if (list) this.#seen.set(ID, list);
    });
  }

  /**
   * What cannot be asked is left out: a deployment is Nomad's, and goes on without Consul's answer.
   *
   * @returns the checks that do not pass; undefined where nobody knows any service of the allocation
   */
  private async ask({ ID, TaskGroup }: AllocationStub): Promise<readonly FailingCheck[] | undefined> {
    const services = this.servicesOf(TaskGroup);
    const found = await Promise.all([
      services.some(({ Provider }) => Provider === "nomad") ? this.inNomad(ID) : undefined,
      ...[...new Set(services.filter(({ Provider }) => Provider !== "nomad").map(({ Name }) => Name))].map((name) =>
        this.inConsul(ID, name ?? ""),
      ),
    ]);
    const known = found.filter((list) => list !== undefined);
    return known.length === 0 ? undefined : known.flat();
  }

  private async inConsul(allocation: string, service: string): Promise<readonly FailingCheck[] | undefined> {
    const [instances = [], atAgent = {}] = await Promise.all([
      this.consul?.instances(service).catch(() => undefined),
      this.consul?.agentChecks().catch(() => undefined),
    ]);
    const registered = instances.filter(({ Service }) => Service.ID.includes(allocation));
    if (registered.length === 0) return undefined;
    return registered
      .flatMap(({ Checks }) => Checks)
      .map((check) => ({ ...check, ...atAgent[check.CheckID] }))
      .filter(({ Status, ServiceID }) => Status !== "passing" && ServiceID !== "")
      .map(({ Name, Status, Output }) => ({
        allocation,
        service,
        check: Name,
        status: Status,
        output: checkOutput(Output),
      }));
  }

  private async inNomad(allocation: string): Promise<readonly FailingCheck[] | undefined> {
    const checks = Object.values(await this.nomad.allocationChecks(allocation).catch(() => ({})));
    if (checks.length === 0) return undefined;
    return checks
      .filter(({ Status }) => Status !== "success")
      .map(({ Service, Check, Status, Output }) => ({
        allocation,
        service: Service,
        check: Check,
        status: Status,
        output: checkOutput(Output),
      }));
  }
}

function isWaiting({ ClientStatus, DeploymentStatus }: AllocationStub): boolean {
  return ClientStatus === "running" && DeploymentStatus?.Healthy !== true;
}

async function atMost(milliseconds: number, work: Promise<void>): Promise<void> {
  const enough = new AbortController();
  const pause = sleep(milliseconds, undefined, { signal: enough.signal }).catch(() => undefined);
  await Promise.race([work, pause]);
  enough.abort();
}

/**
 * What a check answered, as much of it as a person reads: of a page its status and its first words, since what is to be seen in it is not seen in its source.
 */
export function checkOutput(output: string): string {
  const begin = output.search(/<(?:!doctype\s+html|html|head|body)\b/i);
  const whole = shortened(output.trim(), LONGEST_OUTPUT);
  if (begin < 0) return whole;
  const words = output
    .slice(begin, begin + LONGEST_PAGE)
    .replaceAll(/<(script|style)\b[^>]*>[^]*?(?:<\/\1\s*>|$)/gi, " ")
    .replaceAll(/<[^>]*(?:>|$)/g, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
  const shown = shortened(words, LONGEST_WORDS);
  return `${output.slice(0, begin).trim()} (a page: ${shown === "" ? "without words" : shown})`.trim();
}

/** Characters of a page that are looked at, and of its words that are shown. */
const LONGEST_PAGE = 20_000;
const LONGEST_WORDS = 120;
