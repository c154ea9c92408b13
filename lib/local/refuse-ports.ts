import { UserError } from "../errors";
import { type Agent, takenPorts } from "./agents";

/**
 * Refuses to start agents whose ports somebody has.
 *
 * @param living names of agents that run already, and so have their ports themselves
 * @throws UserError with every port, and who has it
 */
export async function refuseTakenPorts(agents: readonly Agent[], living: ReadonlySet<string>): Promise<void> {
  const starting = agents.filter(({ name }) => !living.has(name));
  const ports = starting.flatMap((agent) =>
    Object.entries(agent.ports)
      // The servers of Consul and Vault are given the ports of a whole cluster.
      .filter(([name]) => name.toLowerCase().startsWith(agent.program))
      .map(([name, port]) => [agent.name === agent.program ? name : `${name} of ${agent.name}`, port]),
  );
  const taken = await takenPorts(Object.fromEntries(ports) as Record<string, number>);
  if (taken.length === 0) return;
  throw new UserError(
    taken.map(({ name, port, owner }) => ({
      rule: "ports",
      path: [`port ${port} (${name})`],
      message: `is taken${owner ? ` by ${owner}` : ""}; stop that, or choose other ports: cdk-nomad up --port-offset 1000`,
      severity: "error" as const,
    })),
  );
}
