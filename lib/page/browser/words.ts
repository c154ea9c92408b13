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

/** The codes that only colour on a terminal: a task may well write them, and they say nothing here. */
const COLOURS = /\u001b\[[0-9;:]*m/g;
/** What acts on a terminal, turns the direction of a text around, so that it reads as something else, or cannot be seen. The two joiners spell scripts and emoji. */
const ACTING = /(?![\t\n\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** What a task wrote, as text: without its colours, and with everything else that would act on whoever reads it shown. */
export function taskText(text: string): string {
  return visibleText(text.replaceAll("\r\n", "\n").replaceAll(COLOURS, ""));
}

/** A text in which everything that would act on whoever reads it is shown by its number: many fonts have no picture of it. */
export function visibleText(text: string): string {
  return text.replaceAll(ACTING, (character) => {
    const number = character.codePointAt(0) ?? 0;
    return `<U+${number.toString(16).toUpperCase().padStart(4, "0")}>`;
  });
}

/** "1 job", "9 jobs". */
export function countOf(count: number, thing: string, things = `${thing}s`): string {
  return `${count} ${count === 1 ? thing : things}`;
}

/** Where a job is, in words: "us-east", "us-east, namespace team"; "" where the cluster has one place. */
export function whereInWords({ region, namespace }: Pick<Job, "region" | "namespace">): string {
  return [region, namespace === undefined ? undefined : `namespace ${namespace}`].filter(Boolean).join(", ");
}

/** A job by its name, and by where it is where it says so: the same id may be in several places. */
export function nameOf(job: Pick<Job, "job" | "region" | "namespace">): string {
  const where = whereInWords(job);
  return where === "" ? job.job : `${job.job} (${where})`;
}

/** "8 healthy, 1 failed", the worst first. */
export function countsInWords(jobs: readonly Pick<Job, "state">[]): string {
  const counts = new Map<Job["state"], number>();
  for (const { state } of jobs) counts.set(state, (counts.get(state) ?? 0) + 1);
  const rank = (state: Job["state"]) => WORST_FIRST.indexOf(signOf(state).tone);
  return [...counts]
    .sort(([a], [b]) => rank(a) - rank(b))
    .map(([state, count]) => `${count} ${signOf(state).word}`)
    .join(", ");
}

const WORST_FIRST: readonly Sign["tone"][] = ["bad", "unknown", "waiting", "going", "good"];

/** Reasons that time alone does not mend, whatever the deployment is still waiting for: a task that ends, a group that finds no node. */
const LASTING: readonly string[] = ["task", "placement"];

/** Whether somebody should look at a job: it is not well, waits for a person, or is being deployed and something of it fails already. */
export function wantsLook({ state, reasons }: Pick<Job, "state" | "reasons">): boolean {
  return (
    ["bad", "unknown", "waiting"].includes(signOf(state).tone) || reasons.some(({ kind }) => LASTING.includes(kind))
  );
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

/** What a browser calls a place, in its tabs and its history. */
export function titleOf(place: Place): string {
  const title = {
    environments: "Environments",
    environment: place.view === "environment" ? environmentName(place.id) : "",
    pools: "Pools",
    sessions: "Browser sessions",
  }[place.view];
  return `${visibleText(title)}, cdk-nomad`;
}

/** The name of an environment, of its id. */
export function environmentName(id: string): string {
  return id.slice(id.lastIndexOf(".") + 1);
}

/** The one-time token of an address, as `cdk-nomad ui` opens it. */
export function oneTimeTokenOf(hash: string): string | undefined {
  return /^#login=([A-Za-z0-9_-]{20,100})$/.exec(hash)?.[1];
}
