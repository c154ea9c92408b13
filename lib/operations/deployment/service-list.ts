import type { ConsulClient, JobJson } from "../../nomad";

/** An instance of a service of a job. */
export interface ServiceRow {
  readonly service: string;
  readonly group: string;
  readonly address: string;
  readonly status: "passing" | "warning" | "critical" | "absent";
  /** The kinds of its checks. */
  readonly checks: string;
  /** Whether a stand-in of this library runs in the place of the program. */
  readonly standIn: boolean;
}

interface GroupJson {
  readonly Name: string;
  readonly Services?: readonly ServiceJson[];
  readonly Tasks?: readonly {
    readonly Name?: string;
    readonly Services?: readonly ServiceJson[];
    readonly Meta?: Readonly<Record<string, string>>;
  }[];
}

interface ServiceJson {
  readonly Name?: string;
  readonly TaskName?: string;
  readonly Checks?: readonly { readonly Type?: string }[];
}

/**
 * Every service that a job offers, with where Consul says it is.
 *
 * @param standInKey the task metadata that marks a stand-in
 */
export async function listServices(job: JobJson, consul: ConsulClient, standInKey: string): Promise<ServiceRow[]> {
  const offered = ((job.TaskGroups ?? []) as readonly GroupJson[]).flatMap((group) => [
    ...(group.Services ?? []).map((service) => ({
      group: group.Name,
      service,
      standIn: (group.Tasks ?? []).some(({ Name, Meta }) => Name === service.TaskName && Meta?.[standInKey] === "true"),
    })),
    ...(group.Tasks ?? []).flatMap((task) =>
      (task.Services ?? []).map((service) => ({
        group: group.Name,
        service,
        standIn: task.Meta?.[standInKey] === "true",
      })),
    ),
  ]);
  const rows = await Promise.all(
    offered.map(async ({ group, service, standIn }) => {
      const name = service.Name ?? "";
      const checks = (service.Checks ?? []).map((check) => check.Type ?? "").join(", ");
      const common = { service: name, group, checks, standIn };
      const instances = await consul.instances(name);
      if (instances.length === 0) return [{ ...common, address: "", status: "absent" as const }];
      return instances.map((instance) => {
        const { Address: address, Port: port } = instance.Service;
        const own = instance.Checks.filter((check) => check.ServiceID !== "").map((check) => check.Status);
        const status = own.includes("critical") ? "critical" : own.includes("warning") ? "warning" : "passing";
        return {
          ...common,
          address: port > 0 ? `${address || instance.Node.Address}:${port}` : "",
          status,
        } as ServiceRow;
      });
    }),
  );
  return rows.flat();
}
