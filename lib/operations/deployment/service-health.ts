import { setTimeout as sleep } from "node:timers/promises";
import {
  isClosed,
  messageOf,
  type AllocationStub,
  type ConsulClient,
  type JobJson,
  type NomadClient,
} from "../../nomad";
import { checkOutput, type FailingCheck } from "./failing-checks";
import { servicesOf, type OfferedService } from "./job-groups";
import { checkReasons } from "./reasons";
import type { Reason } from "./reason";

/** How the services of a job do, of its allocations that run. */
export interface ServiceHealth {
  /** Checks that do not pass. */
  readonly checks: readonly Reason[];
  /** Those of them, and services that are registered nowhere, for which the service gets no requests. */
  readonly down: readonly Reason[];
  /** Why it is not known of some. */
  readonly unknown: readonly Reason[];
}

interface Clients {
  readonly nomad: NomadClient;
  /** Default: Nomad's own services alone are asked about. */
  readonly consul?: ConsulClient;
}

/** A check of an instance of a service. */
type Seen = FailingCheck & { readonly ignored: boolean };

interface Found {
  readonly seen: readonly Seen[];
  readonly absent: readonly Reason[];
  readonly unknown: readonly Reason[];
}

/** What is registered nowhere is looked for once more after so many milliseconds: an allocation runs a moment before its services are there. */
const LOOK_AGAIN = 1000;

/**
 * Asks Consul and the nodes how the services of a job do. Nomad itself looks at checks while a deployment goes on, and not afterwards.
 *
 * A check with `on_update = "ignore"` may be critical on purpose, as of those that stand by: it counts where no instance of its service passes.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/check#on_update
 */
export async function serviceHealth(
  job: JobJson,
  allocations: readonly AllocationStub[],
  clients: Clients,
): Promise<ServiceHealth> {
  const running = allocations.filter(
    ({ DesiredStatus, ClientStatus }) => DesiredStatus === "run" && ClientStatus === "running",
  );
  const offered = servicesOf(job).filter(({ Provider }) => Provider === "nomad" || clients.consul !== undefined);
  const asked = await Promise.all(
    offered.map(async (service) => {
      const own = running.filter((allocation) => offers(allocation, service));
      if (own.length === 0) return NOTHING;
      const found = await ask(service, own, clients);
      if (found.absent.length === 0) return found;
      await sleep(LOOK_AGAIN);
      return ask(service, own, clients);
    }),
  );
  const failing = asked.flatMap(({ seen }) => seen.filter(({ status }) => !WELL.has(status)));
  const served = new Set(asked.flatMap(({ seen }) => servedIn(seen)));
  const down = failing.filter(
    ({ status, ignored, service }) => !STANDS.has(status) && status !== PENDING && !(ignored && served.has(service)),
  );
  const pending = failing.filter(({ status }) => status === PENDING);
  return {
    checks: checkReasons(failing),
    down: [...checkReasons(down), ...asked.flatMap(({ absent }) => absent)],
    unknown: [
      ...checkReasons(pending).map((reason) => ({ ...reason, kind: "unknown" as const })),
      ...asked.flatMap(({ unknown }) => unknown),
    ],
  };
}

const NOTHING: Found = { seen: [], absent: [], unknown: [] };
/** A check that has not been run yet. */
const PENDING = "pending";
const WELL: ReadonlySet<string> = new Set(["passing", "success"]);
/** Consul sends requests to an instance whose check warns. */
const STANDS: ReadonlySet<string> = new Set([...WELL, "warning"]);

/** Services of which an instance passes all of its checks. */
function servedIn(seen: readonly Seen[]): readonly string[] {
  const failing = new Set(seen.filter(({ status }) => !STANDS.has(status)).map(({ allocation }) => allocation));
  return seen.filter(({ allocation }) => !failing.has(allocation)).map(({ service }) => service);
}

/** Services of a task that has not begun, or has ended, are registered nowhere. */
function offers({ TaskGroup, TaskStates }: AllocationStub, { group, task }: OfferedService): boolean {
  return TaskGroup === group && (task === undefined || TaskStates?.[task]?.State === "running");
}

async function ask(
  service: OfferedService,
  own: readonly AllocationStub[],
  { nomad, consul }: Clients,
): Promise<Found> {
  if (service.Checks.length === 0 && service.Provider === "nomad") return NOTHING;
  try {
    if (service.Provider === "nomad") return await inNomad(service, own, nomad);
    return consul === undefined ? NOTHING : await inConsul(service, own, consul);
  } catch (error) {
    if (isClosed(error)) throw error;
    const message = `whether service "${service.Name ?? ""}" of group "${service.group}" answers is not known: ${messageOf(error)}`;
    return { ...NOTHING, unknown: [{ kind: "unknown", group: service.group, message }] };
  }
}

async function inNomad({ Name, Checks }: OfferedService, own: readonly AllocationStub[], nomad: NomadClient) {
  const lists = await Promise.all(
    own.map(async ({ ID: allocation }) => {
      const checks = Object.values(await nomad.allocationChecks(allocation));
      return checks.flatMap(({ Service, Check, Status, Output }) =>
        Service === Name ? [{ allocation, check: Check, status: Status, output: Output }] : [],
      );
    }),
  );
  return { ...NOTHING, seen: lists.flat().map((check) => seenAs(check, { Name, Checks })) };
}

async function inConsul(service: OfferedService, own: readonly AllocationStub[], consul: ConsulClient): Promise<Found> {
  const { Name: name = "", group } = service;
  // What a node makes of a name is known to the node alone: then the ids of the instances tell.
  const isLiteral = !name.includes("${");
  const [instances, outputs] = await Promise.all([
    isLiteral ? consul.instances(name, { complete: true }) : instancesById(own, consul),
    consul.agentChecks().catch(() => ({}) as Awaited<ReturnType<ConsulClient["agentChecks"]>>),
  ]);
  const found = own.map(({ ID: allocation, NodeName }): Found => {
    const ofIt = instances.filter(({ Service }) => Service.ID.includes(allocation));
    if (ofIt.length === 0) {
      if (!isLiteral && service.Checks.length === 0) return NOTHING;
      const message = `service "${name}" of allocation ${allocation.slice(0, 8)} of group "${group}" is not registered in Consul`;
      return { ...NOTHING, absent: [{ kind: "check", group, allocation, message }] };
    }
    const seen = ofIt.flatMap(({ Checks }) =>
      Checks.map((check) => {
        const own = check.ServiceID === "" ? `${check.Name} (of node ${NodeName})` : check.Name;
        const { Status: status, Output: output } = { ...check, ...outputs[check.CheckID] };
        return seenAs({ allocation, check: own, status, output }, service);
      }),
    );
    return { ...NOTHING, seen };
  });
  return { seen: found.flatMap(({ seen }) => seen), absent: found.flatMap(({ absent }) => absent), unknown: [] };
}

/** Instances of which only the ids are known, which have those of their allocations in them. */
async function instancesById(own: readonly AllocationStub[], consul: ConsulClient) {
  const lists = await Promise.all(own.map(({ ID }) => consul.checksOfServices(ID)));
  return lists.flat().map((check) => ({ Service: { ID: check.ServiceID }, Checks: [check] }));
}

function seenAs(
  { allocation, check, status, output }: Pick<Seen, "allocation" | "check" | "status" | "output">,
  { Name: service, Checks }: Pick<OfferedService, "Name" | "Checks">,
): Seen {
  return {
    allocation,
    service,
    check,
    status,
    output: checkOutput(output),
    ignored: Checks.some(({ Name, OnUpdate }) => Name === check && OnUpdate === "ignore"),
  };
}
