import { revertInWords, wayOutOf, type Drift, type JobDrift, type WayOut } from "../operations";
import { shellQuoted } from "../text";

/** What became of a job, as the rest of a sentence. */
export function driftInWords({ drift, revert }: JobDrift): string {
  return revert ? `was ${revertInWords(revert)}` : DRIFT[drift];
}

const DRIFT: Readonly<Record<JobDrift["drift"], string>> = {
  reverted: "was taken back to a version before",
  purged: "is gone: somebody purged it",
  stopped: "was stopped",
  scaled: "was scaled",
  changed: "was changed",
  lacking: "lacks allocations",
};

/** What became of something in Consul. */
export const IN_CONSUL = { create: "was removed", update: "was changed", delete: "was added", none: "" } as const;

/** What is said of a job that the program has no longer, as the rest of a sentence. Drift does not know what a deployment does with it. */
export function strayInWords(environment: string): string {
  return `runs still, and the program has it no longer: cdk-nomad preview ${shellQuoted(environment)} says whether a deployment stops it`;
}

/** What is said of what the program has no longer in Consul, as the rest of a sentence. */
export function leftoverInWords(environment: string): string {
  return `is there still, and the program has it no longer: a deployment keeps it, and cdk-nomad deploy ${shellQuoted(environment)} --prune removes it`;
}

/** "2 of 9 jobs, 1 in Consul". */
export function driftCounts({ jobs, consul, unchanged, strays = [], leftovers = [], foreign = [] }: Drift): string {
  return [
    `${jobs.length} of ${jobs.length + unchanged} jobs`,
    ...(consul.length > 0 ? [`${consul.length} in Consul`] : []),
    ...(strays.length > 0 ? [`${strays.length} ${strays.length === 1 ? "stray" : "strays"}`] : []),
    ...(leftovers.length > 0 ? [`${leftovers.length} left in Consul`] : []),
    ...(foreign.length > 0 ? [`${foreign.length} of other stacks`] : []),
  ].join(", ");
}

/** What to do about what differs, a sentence for each way out of it; where --fix is at work already, without that. */
export function waysOut(
  { environment, jobs, consul }: Drift,
  { fixing = false }: { readonly fixing?: boolean } = {},
): readonly string[] {
  const named = (way: WayOut) => jobs.filter((job) => wayOutOf(job) === way);
  const ids = (some: readonly JobDrift[]) => [...new Set(some.map(({ job }) => job))].join(", ");
  const [mend, room, nodes, again] = [named("mend"), named("room"), named("nodes"), named("try-again")];
  const inPlace = named("in-place");
  const fixable = named("fix").length + consul.length;
  const rest = mend.length + room.length + nodes.length + again.length + inPlace.length;
  const still = mend.some(({ revert }) => revert?.again) ? "the program says still what was taken back: " : "";
  return [
    ...(fixable > 0 && !fixing
      ? [`put ${rest > 0 ? "the rest" : "it"} right with: cdk-nomad drift ${shellQuoted(environment)} --fix`]
      : []),
    ...(mend.length > 0
      ? [
          `${ids(mend)}: ${still}mend the program, and then: cdk-nomad deploy ${shellQuoted(environment)}; --fix leaves it as it is, unless it has --undo-reverts`,
        ]
      : []),
    ...(room.length > 0
      ? [
          `${ids(room)}: no node takes what the program asks for, and --fix does not help: free some room, add a node, or let the program ask for less, and then: cdk-nomad deploy ${shellQuoted(environment)}`,
        ]
      : []),
    ...(nodes.length > 0
      ? [`${ids(nodes)}: its nodes do not answer, and --fix does not help: Nomad decides once they do, or are given up`]
      : []),
    ...(inPlace.length > 0
      ? [
          `${ids(inPlace)}: allocations failed, which Nomad counts as if they ran, and it would stop in their place what runs; --fix does not do that, and this does, and places it anew: cdk-nomad deploy ${shellQuoted(environment)} --force`,
        ]
      : []),
    ...(again.length > 0
      ? [
          `${ids(again)}: cdk-nomad status ${shellQuoted(environment)} says why, and it is tried again with: cdk-nomad deploy ${shellQuoted(environment)} --force`,
        ]
      : []),
  ];
}
