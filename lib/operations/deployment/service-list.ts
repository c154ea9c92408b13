import {
  isClosed,
  messageOf,
  type ConsulClient,
  type JobJson,
  type NomadClient,
  type ServiceInstance,
  type Word,
} from "../../nomad";
import { groupsOf, servicesOf, type OfferedService } from "./job-groups";

/** An instance of a service of a job. */
export interface ServiceRow {
  readonly service: string;
  readonly group: string;
  readonly address: string;
  /**
   * The worst of its checks and of those of its node; a word of a newer Consul as it is; `absent` where no instance is registered; `unknown` where
   * that could not be found out.
   */
  readonly status: Word<"passing" | "warning" | "critical" | "absent" | "unknown">;
  /** Why that could not be found out, where somebody was asked and did not say; a name that only a node makes is asked for by nobody. */
  readonly problem?: string;
  /** The kinds of its checks. */
  readonly checks: string;
  /** Whether a stand-in of this library runs in the place of the program. */
  readonly standIn: boolean;
}

/** Where the instances of a service are, and how they are. */
type Instance = Pick<ServiceRow, "address" | "status" | "problem">;

const ABSENT: Instance = { address: "", status: "absent" };
const UNKNOWN: Instance = { address: "", status: "unknown" };

/**
 * Every service that a job offers, with where Consul or Nomad says it is. Allocations of other jobs that offer a service of the same name are left out.
 *
 * @param standInKey the task metadata that marks a stand-in
 */
export async function listServices(
  job: JobJson,
  clients: { readonly nomad: NomadClient; readonly consul: ConsulClient },
  standInKey: string,
): Promise<ServiceRow[]> {
  const nomad = clients.nomad.where(job);
  const services = servicesOf(job);
  const own = services.length === 0 ? undefined : await ownAllocations(nomad, job.ID);
  const there = { ...clients, nomad, isOwn: (allocation: string) => own?.has(allocation) ?? true };
  const tasks = groupsOf(job).flatMap(({ Name: group, Tasks }) => Tasks.map((task) => ({ group, task })));
  const isStandIn = ({ group, task, TaskName }: OfferedService) =>
    tasks.some(
      (own) => own.group === group && own.task.Name === (task ?? TaskName) && own.task.Meta?.[standInKey] === "true",
    );
  const rows = await Promise.all(
    services.map(async (service) => {
      const checks = service.Checks.map(({ Type }) => Type ?? "").join(", ");
      const common = { service: service.Name, group: service.group, checks, standIn: isStandIn(service) };
      return (await instancesOf(service, there)).map((instance) => ({ ...common, ...instance }));
    }),
  );
  return rows.flat();
}

/** The allocations of a job; undefined where nobody tells. */
async function ownAllocations(nomad: NomadClient, id: string): Promise<ReadonlySet<string> | undefined> {
  try {
    return new Set((await nomad.allocations(id)).map(({ ID }) => ID));
  } catch (error) {
    if (isClosed(error)) throw error;
    return undefined;
  }
}

interface Asked {
  readonly nomad: NomadClient;
  readonly consul: ConsulClient;
  /** Whether an allocation is one of the job's. */
  readonly isOwn: (allocation: string) => boolean;
}

async function instancesOf(
  { Name: name, Provider: provider }: OfferedService,
  { nomad, consul, isOwn }: Asked,
): Promise<readonly Instance[]> {
  // A node makes the name of it.
  if (name.includes("${")) return [UNKNOWN];
  try {
    const found = await (provider === "nomad" ? inNomad(name, nomad, isOwn) : inConsul(name, consul, isOwn));
    return found.length > 0 ? found : [ABSENT];
  } catch (error) {
    if (isClosed(error)) throw error;
    return [{ ...UNKNOWN, problem: messageOf(error) }];
  }
}

/** Of what Nomad registers the id has that of its allocation in it; what somebody else registers may be the job's all the same. */
const OF_ALLOCATION = /^_nomad-(?:task|group)-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-/;

async function inConsul(name: string, consul: ConsulClient, isOwn: Asked["isOwn"]): Promise<readonly Instance[]> {
  const all = await consul.instances(name, { complete: true });
  const mayBeOwn = (allocation: string | undefined) => allocation === undefined || isOwn(allocation);
  const instances = all.filter(({ Service: { ID } }) => mayBeOwn(OF_ALLOCATION.exec(ID)?.[1]));
  return instances.map((instance) => {
    const { Address: address, Port: port } = instance.Service;
    return { address: addressOf(address || instance.Node.Address, port), status: statusOf(instance) };
  });
}

async function inNomad(name: string, nomad: NomadClient, isOwn: Asked["isOwn"]): Promise<readonly Instance[]> {
  const registrations = (await nomad.serviceRegistrations(name)).filter(({ AllocID }) => isOwn(AllocID));
  return Promise.all(
    registrations.map(async ({ AllocID, Address, Port }) => {
      const checks = Object.values(await nomad.allocationChecks(AllocID)).filter(({ Service }) => Service === name);
      const words = checks.map(({ Status }) => Status);
      const other = words.find((word) => word !== "success" && word !== "failure");
      const status = words.includes("failure") ? "critical" : (other ?? "passing");
      return { address: addressOf(Address, Port), status };
    }),
  );
}

function addressOf(address: string, port: number): string {
  return port > 0 ? `${address}:${port}` : "";
}

/** As Consul itself counts: a service whose node is critical gets no requests. What is not known to be good is not called passing. */
function statusOf({ Checks }: ServiceInstance): ServiceRow["status"] {
  const words = Checks.map(({ Status }) => Status);
  const unknown = words.find((word) => !["passing", "warning", "critical"].includes(word));
  if (words.includes("critical")) return "critical";
  return unknown ?? (words.includes("warning") ? "warning" : "passing");
}
