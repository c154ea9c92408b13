import { setTimeout as sleep } from "node:timers/promises";
import { Masking } from "../../masking";
import type { JobJson, Registration } from "../../nomad";
import { isConflict, onlyScaled, planJob, withCountsOf, type Planned } from "../plan";
import { changedMeanwhile } from "./changed-meanwhile";
import type { SteerOptions } from "./options";

/** Registrations that meet an autoscaler only are tried again, so often. */
const TRIES = 20;
/** When the versions are looked at after a registration, in milliseconds: a scaling that a server began before may take that long. */
const LOOKS: readonly number[] = [40, 120, 300];

type RegisterOptions = Pick<SteerOptions, "nomad" | "signal"> & { readonly masking?: Masking };

/**
 * Registers a job for the index that it was planned for. Where only counts moved that a scaling policy owns, it is planned again.
 *
 * A server compares the index before it writes, and not as it writes; and it scales the job that it read before. So a scaling at the very
 * same moment overwrites, or is overwritten. Of jobs that are scaled, the versions are looked at afterwards, and what was lost comes again.
 *
 * @throws UserError where somebody else changed the job meanwhile
 */
export async function register(planned: Planned, options: RegisterOptions): Promise<Registration> {
  const { path } = planned.plan;
  for (let now = planned, tries = 0; ; tries += 1) {
    options.signal?.throwIfAborted();
    const nomad = options.nomad.where(now.job);
    const again = async () => {
      const wanted = { path, job: planned.job, source: planned.source };
      const next =
        tries < TRIES
          ? await planJob(options.nomad, wanted, options.masking ?? new Masking(), options.signal)
          : undefined;
      if (!next || !onlyScaled(now.held, next.held))
        throw await changedMeanwhile(nomad, now.job, {
          index: planned.plan.modifyIndex,
          path,
          masking: options.masking,
        });
      return next;
    };
    try {
      const registration = await nomad.register(now.job, now.plan.modifyIndex, now.source);
      const lost = await lostSoon(now, registration.JobModifyIndex, options);
      if (!lost) return registration;
      if (tries >= TRIES)
        throw await changedMeanwhile(nomad, now.job, {
          index: planned.plan.modifyIndex,
          path,
          masking: options.masking,
        });
      now = lost;
    } catch (error) {
      if (!isConflict(error)) throw error;
      now = await again();
    }
  }
}

/** The first of several looks that finds something lost. A job without counts of an autoscaler is not looked at. */
async function lostSoon(now: Planned, index: number, options: RegisterOptions): Promise<Planned | undefined> {
  if (!now.held) return undefined;
  for (const pause of LOOKS) {
    await sleep(pause, undefined, { signal: options.signal });
    const lost = await lostMeanwhile(now, index, options);
    if (lost) return lost;
  }
  return undefined;
}

/** What to register once more, where a scaling of the same moment was overwritten by the registration, or overwrote it. */
async function lostMeanwhile(now: Planned, index: number, options: RegisterOptions): Promise<Planned | undefined> {
  const { job, held, plan } = now;
  const nomad = options.nomad.where(job);
  const { Versions: versions } = await nomad.versions(job.ID);
  const at = (version: JobJson) => Number(version.JobModifyIndex);
  const [newest] = versions;
  if (!newest) return undefined;
  // The server scaled the job as it was before.
  if (at(newest) > index && onlyScaled(held, newest))
    return { ...now, job: withCountsOf(job, newest), plan: { ...plan, modifyIndex: at(newest) }, held: newest };
  const overwritten = versions.find((version) => at(version) > plan.modifyIndex && at(version) < index);
  if (!overwritten || at(newest) !== index) return undefined;
  if (!onlyScaled(held, overwritten))
    throw await changedMeanwhile(nomad, job, { index: plan.modifyIndex, path: plan.path, masking: options.masking });
  const whole = withCountsOf(job, overwritten);
  if (JSON.stringify(whole) === JSON.stringify(job)) return undefined;
  return { ...now, job: whole, plan: { ...plan, modifyIndex: index }, held: newest };
}
