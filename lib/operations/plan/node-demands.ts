import { placementInWords, type JobJson, type NodeDemands, type PlacementFailure } from "../../nomad";
import { demandOf, DIMENSIONS, type Space } from "../capacity";

/**
 * Why allocations of a group find no node. Where Nomad tried only a change in place, it says no more than that the node's class is left out:
 * then what the group asks of a node is said, one of which leaves it out. Of what is exhausted it is said how much one allocation asks for.
 *
 * @param left what the node with the most of it has left. Default: not known, and not said
 */
export function groupPlacementInWords(job: JobJson, group: string, failure: PlacementFailure, left?: Space): string {
  return placementInWords(failure, { ...nodeDemands(job, group), ofResource: resourcesInWords(job, group, left) });
}

const UNITS = { cpu: "MHz", memory: "MiB", disk: "MiB" } as const;

function resourcesInWords(job: JobJson, group: string, left: Space | undefined): Readonly<Record<string, string>> {
  const demand = demandOf(job, group);
  if (!demand) return {};
  return Object.fromEntries(
    DIMENSIONS.map((dimension) => {
      const unit = UNITS[dimension];
      const asks = `one allocation asks for ${demand.space[dimension]} ${unit}`;
      const has = left && `the node with the most has ${left[dimension]} ${unit} left`;
      return [dimension, has === undefined ? asks : `${asks}; ${has}`];
    }),
  );
}

/** What a group asks of a node beside resources: its constraints, with those of the job and of its tasks, drivers, devices, volumes. */
function nodeDemands(job: JobJson, group: string): NodeDemands {
  const found = listOf(job.TaskGroups).find(({ Name }) => Name === group);
  const tasks = listOf(found?.Tasks);
  const constraints = [job, ...(found ? [found] : []), ...tasks].flatMap((each) =>
    listOf((each as Part).Constraints).map(constraintInWords),
  );
  const textsOf = (parts: readonly Part[], name: string) =>
    parts.flatMap(({ [name]: value }) => (typeof value === "string" && value !== "" ? [value] : []));
  const drivers = textsOf(tasks, "Driver");
  const devices = textsOf(
    tasks.flatMap(({ Resources }) => listOf(partOf(Resources).Devices)),
    "Name",
  );
  const volumes = textsOf(
    Object.values(partOf(found?.Volumes))
      .filter(isPart)
      .filter(({ Type }) => Type === "host"),
    "Source",
  );
  const providers = textsOf(
    tasks.flatMap(({ Secrets }) => listOf(Secrets)),
    "Provider",
  );
  const named = [
    ...constraints,
    ...drivers.map((name) => `driver ${name}`),
    ...devices.map((name) => `device ${name}`),
    ...volumes.map((name) => `volume ${name}`),
  ];
  return {
    all: [...new Set(named)],
    // https://github.com/hashicorp/nomad/blob/v1.11.3/scheduler/feasible/feasible.go
    ofKind: {
      "missing drivers": [...new Set(drivers)],
      "missing devices": [...new Set(devices)],
      "missing compatible host volumes": [...new Set(volumes)],
      "missing secrets provider": [...new Set(providers)],
    },
  };
}

type Part = Readonly<Record<string, unknown>>;

/** What comes from a stack's file may be anything. */
function listOf(value: unknown): readonly Part[] {
  return Array.isArray(value) ? value.filter(isPart) : [];
}

function partOf(value: unknown): Part {
  return isPart(value) ? value : {};
}

function isPart(value: unknown): value is Part {
  return typeof value === "object" && value !== null;
}

/** https://developer.hashicorp.com/nomad/docs/job-specification/constraint */
function constraintInWords({ LTarget, Operand, RTarget }: Part): string {
  return [LTarget, Operand || "=", RTarget].filter((each) => typeof each === "string" && each !== "").join(" ");
}
