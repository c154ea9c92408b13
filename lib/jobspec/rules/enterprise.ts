import type { Consul, Service } from "../blocks";
import type { Place } from "../engine";
import { each, providerOf, servicesOf, type GroupNode, type JobRule } from "./walk";

/** What only Nomad Enterprise takes, beyond whole properties that are marked so. */
export const enterprise: JobRule = (_job, groups, context) => {
  for (const group of groups) {
    partitions(group);
    if (!context.enterprise) clusters(group);
  }
};

function clusters(group: GroupNode): void {
  consul(group.value.consul, group.at);
  if (group.value.services) for (const service of servicesOf(group)) serviceCluster(service.value, service.at);
  for (const task of group.tasks) {
    consul(task.value.consul, task.at);
    if (task.value.services) for (const service of servicesOf(task)) serviceCluster(service.value, service.at);
    const vault = task.value.vault?.cluster;
    if (vault && vault !== "default") refuse(task.at.property("vault").property("cluster"), "Vault", vault);
    const affinity = task.value.resources?.numa?.affinity;
    if (affinity === "prefer" || affinity === "require") {
      const message = `placing by memory nodes needs Nomad Enterprise; write "none", or set the target's enterprise to true`;
      task.at.property("resources").property("numa").property("affinity").error("target/enterprise", message);
    }
  }
}

function consul(settings: Consul | undefined, at: Place): void {
  const cluster = settings?.cluster;
  if (cluster && cluster !== "default") refuse(at.property("consul").property("cluster"), "Consul", cluster);
}

function serviceCluster(service: Service, at: Place): void {
  const { cluster } = service;
  if (cluster && cluster !== "default" && providerOf(service) === "consul")
    refuse(at.property("cluster"), "Consul", cluster);
}

function refuse(at: Place, what: string, cluster: string): void {
  const message = `a ${what} cluster of its own, "${cluster}", needs Nomad Enterprise; leave it out, or set the target's enterprise to true`;
  at.error("target/enterprise", message);
}

function partitions(group: GroupNode): void {
  const outer = group.value.consul?.partition;
  if (!outer) return;
  for (const task of each(group.value.tasks, group.at, "tasks")) {
    const own = task.value.consul?.partition;
    if (own && own !== outer) {
      const message = `"${own}" is another than the group's, "${outer}"; write the same for both`;
      task.at.property("consul").property("partition").error("consul/partition", message);
    }
  }
}
