import { imagesOf, PoolJob, type Job } from "../lib";

/** What was decided about jobs whose execution is `auto`, in words. */
type Reason = string;

const WITHOUT_DOCKER = "no Docker answers here, so jobs run as processes";

/**
 * Decides for jobs whose execution is `auto` whether they run in containers: where the Docker of this machine has every image of the job. An
 * image that is only named would be pulled, and a registry that has these is nobody's to promise.
 */
export class ContainerChoice {
  readonly #jobs = new Map<Reason, string[]>();
  #withoutDocker = false;

  /** @param images what the Docker of this machine has, by name and tag; undefined where none answers */
  constructor(private readonly images: ReadonlySet<string> | undefined) {}

  /** Whether a job runs in containers. */
  contained(job: Job): boolean {
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
    const name = job instanceof PoolJob ? job.pool : job.id;
    this.#jobs.set(reason, [...(this.#jobs.get(reason) ?? []), name]);
  }
}
