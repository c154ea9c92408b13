import { pause, type Clock } from "./clock";

/** How long what is on its way is waited for, in milliseconds, and how long for Nomad to place anything: there may be no node. */
const OFFERED_WITHIN = 5000;
const PLACED_WITHIN = 1000;
/** Between two looks, in milliseconds. */
const LOOK = 20;

/**
 * What a pool that has just been started has for whoever asks: `settled`: something to give out, or nothing that would come; `coming`: something that has
 * not answered yet; `nothing`: nothing that is known.
 */
export type Offering = "settled" | "coming" | "nothing";

/**
 * Waits until whoever asks a pool that has just been started is answered as it is: what waits there already has to answer first, and until then it would look
 * as if there were nothing. No longer than five seconds, since it may never answer.
 */
export async function firstOffer(look: () => Offering, clock: Clock, signal: AbortSignal): Promise<void> {
  for (const began = clock.now(); !signal.aborted; await pause(clock, LOOK, signal)) {
    const seen = look();
    if (seen === "settled") return;
    if (clock.now() - began > (seen === "coming" ? OFFERED_WITHIN : PLACED_WITHIN)) return;
  }
}
