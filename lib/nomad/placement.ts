import type { Evaluation, PlacementFailure } from "./answers";

/** Why allocations of a job are not placed just now, by its evaluations; empty where none waits for room. */
export function unplacedInWords(evaluations: readonly Evaluation[]): readonly string[] {
  const waiting = evaluations.filter(({ Status }) => Status === "blocked");
  if (waiting.length === 0) return [];
  const reasons = [...waiting, ...evaluations].map(({ FailedTGAllocs }) => Object.values(FailedTGAllocs ?? {}));
  return [...new Set((reasons.find((some) => some.length > 0) ?? []).map((failure) => placementInWords(failure)))];
}

/** What a group asks of a node beside resources. */
export interface NodeDemands {
  /** All of it, in words: said where Nomad does not say which of it leaves nodes out. */
  readonly all: readonly string[];
  /** What is meant where the scheduler names only a kind, by its words for that, such as "missing devices". */
  readonly ofKind: Readonly<Record<string, readonly string[]>>;
  /** What is asked of a resource, and what there is of it, in words: by the scheduler's word for that, such as "memory". Default: not said. */
  readonly ofResource?: Readonly<Record<string, string>>;
}

/**
 * Why allocations find no node: which resource is exhausted on how many nodes, what leaves how many out.
 *
 * @param demands what the group asks of a node. Default: not said
 */
export function placementInWords(failure: PlacementFailure, demands: NodeDemands = { all: [], ofKind: {} }): string {
  const { [LIKE_ANOTHER]: alike = 0, ...named } = failure.ConstraintFiltered;
  const each = (counts: Readonly<Record<string, number>>, say: (name: string, nodes: string) => string) =>
    Object.entries(counts).map(([name, nodes]) => say(name, count(nodes, "node")));
  const reasons = [
    ...each(failure.DimensionExhausted, (dimension, nodes) => {
      const { ofResource = {} } = demands;
      const more = Object.hasOwn(ofResource, dimension) ? ` (${ofResource[dimension] ?? ""})` : "";
      return `${dimension} is exhausted on ${nodes}${more}`;
    }),
    ...each(named, (constraint, nodes) => {
      const meant = Object.hasOwn(demands.ofKind, constraint) ? (demands.ofKind[constraint] ?? []) : [];
      return `the constraint "${constraint}" leaves out ${nodes}${meant.length === 0 ? "" : ` (${meant.join(", ")})`}`;
    }),
    ...(alike === 0 ? [] : [alikeInWords(count(alike, "node"), Object.keys(named).length > 0, demands.all)]),
    ...each(failure.ClassFiltered, (name, nodes) => `the node class "${name}" leaves out ${nodes}`),
    ...failure.QuotaExhausted.map((quota) => `the quota is used up: ${quota}`),
  ];
  if (reasons.length > 0) return reasons.join(", ");
  return failure.NodesEvaluated === 0
    ? // Nomad counts only those that take allocations.
      "no node is in the job's datacenters and node pool that takes allocations (one that is drained, ineligible or down takes none)"
    : `none of ${count(failure.NodesEvaluated, "node")} fits`;
}

/** What the scheduler says of a node whose drivers are not those of the job, or not healthy, and of a node that is like one which it has left out. */
const MISSING_DRIVERS = "missing drivers";
const LIKE_ANOTHER = "computed class ineligible";

/** Nodes that Nomad leaves out because it has left out one of their class, and says no more of. */
function alikeInWords(nodes: string, isToldWhy: boolean, demands: readonly string[]): string {
  if (isToldWhy) return `the same leaves out ${nodes} of the same class`;
  const one = demands.length === 1 ? "" : "one of ";
  return `what the group asks of a node leaves out ${nodes}${demands.length === 0 ? "" : `: ${one}${demands.join(", ")}`}`;
}

/** Whether every node was left out because it has not the drivers of the job: then none takes it until a node has. */
export function lacksDrivers({ NodesEvaluated, ConstraintFiltered }: PlacementFailure): boolean {
  const { [MISSING_DRIVERS]: missing = 0, [LIKE_ANOTHER]: alike = 0 } = ConstraintFiltered;
  return missing > 0 && missing + alike === NodesEvaluated;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
