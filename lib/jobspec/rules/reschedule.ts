import type { RuleId } from "../catalog";
import { type Place } from "../engine";
import { Reschedule } from "../blocks";
import { checkLimits, rescheduleOf, writtenAt, type RescheduleSettings } from "./effective";
import { typeOf, type GroupRule } from "./walk";

/** Failed allocations on other nodes. */
export const reschedule: GroupRule = ({ value: group, at, jobAt }, job) => {
  if (!group.reschedule && !job.reschedule) return;
  const type = typeOf(job);
  const own = { block: group.reschedule, at: at.property("reschedule") };
  const outer = { block: job.reschedule, at: jobAt.property("reschedule") };
  if (type === "system" || type === "sysbatch") {
    const message = `a ${type} job is on every node already; remove the block`;
    const { at: place } = own.block ? own : outer;
    if (type === "system") place.error("reschedule/job-type", message);
    else if (place.judges("reschedule/sysbatch")) place.error("reschedule/sysbatch", message);
    else place.warning("field/senseless", message);
    return;
  }
  if (type !== "service" && type !== "batch") return;
  delays(rescheduleOf(group, job, type), (name) => writtenAt(name, own, outer));
};

const FUNCTIONS: readonly string[] = ["constant", "exponential", "fibonacci"];
const SHORTEST = 5;

function delays(settings: RescheduleSettings, place: (name: string) => Place): void {
  const { attempts, unlimited, interval, delay, maxDelay } = settings;
  if (attempts <= 0 && !unlimited) {
    // A server judges nothing of what never happens.
    checkLimits(Reschedule, settings, place, { lenient: true });
    return;
  }
  if (attempts > 0 && unlimited) {
    const message =
      "unlimited and a number of attempts say two things; write Reschedule.limited(…) or Reschedule.unlimited(…)";
    place("unlimited").error("reschedule/ambiguous", message);
  }
  let readable = true;
  const wrong = (property: string, rule: RuleId, message: string) => {
    readable = false;
    place(property).error(rule, message);
  };
  const growing = settings.delayFunction !== "constant";
  if (delay.seconds < SHORTEST) wrong("delay", "reschedule/delay", `${delay} is too short; write ${SHORTEST}s or more`);
  if (!FUNCTIONS.includes(settings.delayFunction)) {
    const message = `"${settings.delayFunction}" is not known; write one of ${FUNCTIONS.map((name) => `"${name}"`).join(", ")}`;
    wrong("delayFunction", "reschedule/delay-function", message);
  }
  if (growing && maxDelay.seconds < SHORTEST)
    wrong("maxDelay", "reschedule/max-delay", `${maxDelay} is too short; write ${SHORTEST}s or more`);
  else if (growing && maxDelay.nanoseconds < delay.nanoseconds)
    wrong("maxDelay", "reschedule/max-delay", `${maxDelay} is shorter than the first delay, ${delay}; lengthen it`);
  if (unlimited) {
    if (attempts > 0 && interval.nanoseconds <= 0) place("interval").error("reschedule/interval", NO_INTERVAL);
    return;
  }
  if (interval.seconds < 15) {
    const message = interval.nanoseconds <= 0 ? NO_INTERVAL : `${interval} is too short; write 15s or more`;
    place("interval").error("reschedule/interval", message);
  }
  if (!readable || attemptsFit(settings, EXACT)) return;
  const message = `${attempts} attempts with a delay of ${delay} do not fit into ${interval}; lengthen the interval`;
  const severity = attemptsFit(settings, IN_64_BITS) ? "warning" : "error";
  place("interval").report({ rule: "reschedule/attempts-do-not-fit", message, severity });
}

const NO_INTERVAL = "attempts are counted within an interval; write one, such as Duration.hours(1)";

type Arithmetic = (value: bigint) => bigint;

const EXACT: Arithmetic = (value) => value;
/** A server counts in 64 bits, and takes what overflows into less. */
const IN_64_BITS: Arithmetic = (value) => BigInt.asIntN(64, value);
/** From here on powers of two, or the terms of a sequence, are more than 64 bits hold. */
const LAST_TERM = 64;

/** Whether the waits between the attempts fit into the interval, counted as a server counts them. */
function attemptsFit(settings: RescheduleSettings, counted: Arithmetic): boolean {
  const { attempts, delayFunction } = settings;
  const [first, most, within] = [settings.delay, settings.maxDelay, settings.interval].map(({ nanoseconds }) =>
    BigInt(nanoseconds),
  ) as [bigint, bigint, bigint];
  if (delayFunction === "constant") return within >= counted(BigInt(attempts) * first);
  let last = first;
  if (delayFunction === "exponential") {
    last = 0n;
    for (let attempt = 0; attempt < Math.min(attempts, LAST_TERM); attempt += 1) {
      const next = counted(2n ** BigInt(attempt) * first);
      last = next > most ? counted(last + most) : next;
      if (last >= within) return false;
    }
    // A server's powers of two are nothing from here on, and those that are exact have reached the longest delay.
    return counted === IN_64_BITS || last + BigInt(Math.max(attempts - LAST_TERM, 0)) * most < within;
  }
  let before = first;
  for (let attempt = 2; attempt < Math.min(attempts, 2 * LAST_TERM); attempt += 1) {
    const next = counted(last + before);
    if (next > most) return within >= counted(most + BigInt(attempts - attempt - 1) * most);
    [before, last] = [last, next];
  }
  return within >= last;
}
