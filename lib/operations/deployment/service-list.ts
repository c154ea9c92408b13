import type { ConsulClient, JobJson, ServiceInstance, Word } from "../../nomad";
import { groupsOf } from "./job-groups";

/** An instance of a service of a job. */
export interface ServiceRow {
  readonly service: string;
  readonly group: string;
  readonly address: string;
  /** The worst of its checks and of those of its node; a word of a newer Consul as it is; `absent` where Consul knows no instance. */
  readonly status: Word<"passing" | "warning" | "critical" | "absent">;
  /** The kinds of its checks. */
  readonly checks: string;
  /** Whether a stand-in of this library runs in the place of the program. */
  readonly standIn: boolean;
}

/**
 * Every service that a job offers, with where Consul says it is.
 *
 * @param standInKey the task metadata that marks a stand-in
 */
export async function listServices(job: JobJson, consul: ConsulClient, standInKey: string): Promise<ServiceRow[]> {
  const offered = groupsOf(job).flatMap((group) => [
    ...group.Services.map((service) => ({
      group: group.Name,
      service,
      standIn: group.Tasks.some(({ Name, Meta }) => Name === service.TaskName && Meta?.[standInKey] === "true"),
    })),
    ...group.Tasks.flatMap((task) =>
      task.Services.map((service) => ({
        group: group.Name,
        service,
        standIn: task.Meta?.[standInKey] === "true",
      })),
    ),
  ]);
  const rows = await Promise.all(
    offered.map(async ({ group, service, standIn }) => {
      const name = service.Name ?? "";
      const checks = service.Checks.map((check) => check.Type ?? "").join(", ");
      const common = { service: name, group, checks, standIn };
      const instances = await consul.instances(name);
      if (instances.length === 0) return [{ ...common, address: "", status: "absent" }];
      return instances.map((instance) => {
        const { Address: address, Port: port } = instance.Service;
        const shown = port > 0 ? `${address || instance.Node.Address}:${port}` : "";
        return { ...common, address: shown, status: statusOf(instance) };
      });
    }),
  );
  return rows.flat();
}

/** As Consul itself counts: a service whose node is critical gets no requests. What is not known to be good is not called passing. */
function statusOf({ Checks }: ServiceInstance): ServiceRow["status"] {
  const words = Checks.map(({ Status }) => Status);
  const unknown = words.find((word) => !["passing", "warning", "critical"].includes(word));
  if (words.includes("critical")) return "critical";
  return unknown ?? (words.includes("warning") ? "warning" : "passing");
}
