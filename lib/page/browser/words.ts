import type { Job, Verdict } from "../api";

/** How something is shown: by a word, a sign and a colour, so that nobody depends on the colour alone. */
export interface Sign {
  readonly word: string;
  readonly tone: "good" | "going" | "waiting" | "bad" | "unknown";
}

/** Only what is known to be well is good; a word that is not known here is none of ours to judge. */
const TONES: Readonly<Record<Job["state"] | Verdict, Sign["tone"]>> = {
  healthy: "good",
  ready: "good",
  complete: "good",
  deploying: "going",
  running: "going",
  "going-on": "going",
  "waiting-for-promotion": "waiting",
  degraded: "bad",
  failed: "bad",
  stopped: "bad",
  missing: "bad",
  unknown: "unknown",
};

/** The sign of a state. What was heard too long ago is not known any more, whatever it was. */
export function signOf(state: Job["state"] | Verdict, isStale = false): Sign {
  const tone = Object.hasOwn(TONES, state) ? TONES[state] : "unknown";
  const word = state === "unknown" ? "not known" : state === "going-on" ? "goes on" : state.replaceAll("-", " ");
  return isStale ? { word: `was ${word}`, tone: "unknown" } : { word, tone };
}

/** The mark that stands before the word of a tone. */
export const MARKS: Readonly<Record<Sign["tone"], string>> = {
  good: "✓",
  going: "…",
  waiting: "◔",
  bad: "✗",
  unknown: "?",
};

/** "3/3", "2/3, 1 starting", "1 without a node". */
export function groupInWords({ desired, running, starting, queued, complete, failed }: Job["groups"][number]): string {
  const of = desired === undefined ? String(running) : `${running}/${desired}`;
  return [
    of,
    ...(complete ? [`${complete} ended well`] : []),
    ...(failed ? [`${failed} failed`] : []),
    ...(starting > 0 ? [`${starting} starting`] : []),
    ...(queued > 0 ? [`${queued} without a node`] : []),
  ].join(", ");
}

/** "4 s ago", "3 min ago". */
export function agoInWords(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 90) return `${seconds} s ago`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min ago` : `${Math.round(seconds / 3600)} h ago`;
}

/** A figure with as many digits as somebody reads. */
export function figure(value: number): string {
  return value >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toPrecision(2);
}

/** What a task wrote, without the codes that only colour on a terminal. */
export function withoutColours(text: string): string {
  return text.replaceAll(/\u001b\[[0-9;]*m/g, "");
}

/** A place of the page, as its address has it behind the #. */
export type Place =
  | { readonly view: "environments" }
  | { readonly view: "environment"; readonly id: string }
  | { readonly view: "pools" }
  | { readonly view: "sessions" };

/** Where an address leads; the list of environments where it leads nowhere. */
export function placeOf(hash: string): Place {
  const [view, id] = hash.replace(/^#\/?/, "").split("/", 2);
  if (view === "environments" && id) {
    try {
      return { view: "environment", id: decodeURIComponent(id) };
    } catch {
      return { view: "environments" };
    }
  }
  return view === "pools" || view === "sessions" ? { view } : { view: "environments" };
}

/** The address of a place. */
export function addressOf(place: Place): string {
  return place.view === "environment" ? `#/environments/${encodeURIComponent(place.id)}` : `#/${place.view}`;
}

/** The one-time token of an address, as `cdk-nomad ui` opens it. */
export function oneTimeTokenOf(hash: string): string | undefined {
  return /^#login=([A-Za-z0-9_-]{20,100})$/.exec(hash)?.[1];
}
