import { UserError } from "../../errors";
import type { ConsulClient, JobJson } from "../../nomad";
import type { StackObject } from "../stack";
import { servicesOf } from "./job-groups";
import type { OperationOptions } from "./options";

/** The subsets that tell a canary from the rest. */
const STABLE = "stable";
const CANARY = "canary";
const KIND = "service-splitter";

/**
 * The services of a job whose requests can be split: those for which the stack has a service-resolver with the subsets `stable` and
 * `canary`.
 */
export function splitServices(job: JobJson, objects: readonly StackObject[]): readonly string[] {
  const offered = servicesOf(job).map(({ Name }) => Name);
  const resolved = objects.flatMap((item) => {
    if (item.kind !== "entry" || item.entry.Kind !== "service-resolver") return [];
    const subsets = (item.entry.Subsets ?? {}) as object;
    return STABLE in subsets && CANARY in subsets ? [item.entry.Name] : [];
  });
  return [...new Set(resolved)].filter((name) => offered.includes(name));
}

/**
 * Gives the canaries of services a part of the requests, through a splitter in Consul.
 *
 * @param weight in percent; 0 takes the splitter away: then all requests go where the resolver says
 * @returns services whose requests are split otherwise now
 * @see https://developer.hashicorp.com/consul/docs/connect/config-entries/service-splitter
 */
async function shiftTraffic(
  consul: ConsulClient,
  services: readonly string[],
  weight: number,
): Promise<readonly string[]> {
  const changed: string[] = [];
  for (const name of services) {
    const held = await consul.configEntry(KIND, name);
    if (weight === 0 ? !held : weightOf(held) === weight) continue;
    const index = Number(held?.ModifyIndex ?? 0);
    const splits = [
      { Weight: 100 - weight, ServiceSubset: STABLE },
      { Weight: weight, ServiceSubset: CANARY },
    ];
    const done =
      weight === 0
        ? await consul.deleteConfigEntry(KIND, name, index)
        : await consul.setConfigEntry({ Kind: KIND, Name: name, Splits: splits }, index);
    if (!done)
      throw UserError.at(name, "its splitter in Consul was changed by somebody else just now; try again", "traffic");
    changed.push(name);
  }
  return changed;
}

/** Gives the canaries of services a part of the requests, and tells `onStep` of every service whose part changed. */
export async function splitRequests(
  services: readonly string[],
  weight: number,
  { consul, onStep }: Pick<OperationOptions, "consul" | "onStep">,
): Promise<void> {
  for (const service of await shiftTraffic(consul, services, weight))
    onStep(
      weight === 0
        ? `no request of ${service} goes to canaries any more`
        : `${weight} % of the requests of ${service} go to its canaries`,
    );
}

/**
 * Services of a job to split, and nothing else that splits them.
 *
 * @throws UserError where there is none, or the stack splits one itself
 */
export function splittable(job: JobJson, path: string, objects: readonly StackObject[]): readonly string[] {
  const services = splitServices(job, objects);
  if (services.length === 0)
    throw UserError.at(
      path,
      "none of its services can be split; write a ServiceResolver with the subsets stable and canary for one of them",
      "traffic",
    );
  const own = objects.find(
    (item) => item.kind === "entry" && item.entry.Kind === KIND && services.includes(item.entry.Name),
  );
  if (own) throw UserError.at(own.path, "splits these requests already; change its weights there", "traffic");
  return services;
}

function weightOf(entry: Readonly<Record<string, unknown>> | undefined): number | undefined {
  const splits = (entry?.Splits ?? []) as readonly { readonly Weight: number; readonly ServiceSubset?: string }[];
  return splits.find(({ ServiceSubset }) => ServiceSubset === CANARY)?.Weight;
}
