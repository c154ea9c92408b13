import { imagesOf, PoolJob, type Job } from "../lib";

/** What was decided about jobs whose execution is `auto`, in words. */
type Reason = string;

const WITHOUT_DOCKER = "no Docker answers here, so jobs run as processes";

/** The environment variable that says which jobs run in containers of those whose execution is `auto`: `hermes-sandbox,runtime-openai`. */
export const CONTAINERS = "CDK_NOMAD_CONTAINERS";

/**
 * Decides for jobs whose execution is `auto` whether they run in containers: where the Docker of this machine has every image of the job. An
 * image that is only named would be pulled, and a registry that has these is nobody's to promise. What was decided is a part of the stack's
 * record, and counts before what this machine has where somebody says it again.
 */
export class ContainerChoice {
  readonly #jobs = new Map<Reason, string[]>();
  readonly #chosen = new Map<string, boolean>();
  readonly #said: ReadonlySet<string> | undefined;
  #withoutDocker = false;

  /**
   * @param images what the Docker of this machine has, by name and tag; undefined where none answers
   * @param said what {@link CONTAINERS} says, "" for none of them. Default: nothing is said
   */
  constructor(
    private readonly images: ReadonlySet<string> | undefined,
    said?: string,
  ) {
    this.#said = said === undefined ? undefined : new Set(said.split(",").map((name) => name.trim()));
  }

  /** Whether a job runs in containers. */
  contained(job: Job): boolean {
    const name = poolOrId(job);
    const contained = this.#said?.has(name) ?? this.decide(job);
    this.#chosen.set(name, contained);
    return contained;
  }

  /** What was decided, as {@link CONTAINERS} says it; undefined where nothing was to be decided. */
  get choices(): string | undefined {
    if (this.#chosen.size === 0) return undefined;
    const contained = [...this.#chosen].flatMap(([name, isContained]) => (isContained ? [name] : []));
    return contained.sort().join(",");
  }

  private decide(job: Job): boolean {
    const wanted = imagesOf(job);
    const missing = wanted.filter((image) => !this.images?.has(image));
    const all = wanted.join(", ");
    if (this.images === undefined) this.#withoutDocker = true;
    else if (missing.length === 0) this.note(job, `in a container, since Docker has ${all}`);
    else
      this.note(
        job,
        `as a process, since Docker has no image ${missing.join(", ")} (npm run images builds those of dev)`,
      );
    return missing.length === 0;
  }

  /** What was decided and why, a line for each reason. */
  get lines(): readonly string[] {
    const reasons = [...this.#jobs].map(([reason, jobs]) => `${jobs.join(", ")}: ${reason}`);
    return this.#withoutDocker ? [WITHOUT_DOCKER] : reasons;
  }

  private note(job: Job, reason: Reason): void {
    const name = poolOrId(job);
    this.#jobs.set(reason, [...(this.#jobs.get(reason) ?? []), name]);
  }
}

/** A pool's job has another id after each change. */
function poolOrId(job: Job): string {
  return job instanceof PoolJob ? job.pool : job.id;
}
