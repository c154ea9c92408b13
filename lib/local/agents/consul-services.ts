import type { ConsulClient } from "../../nomad";

/**
 * Takes the services of allocations that are gone out of their Consul. The Nomad that put them there does it no more, and the next one only
 * after a minute: until then they would be taken for those of whatever has their ports. Where Consul does not answer, they are left to that.
 *
 * @param consul the agent that they are registered with; it is closed
 */
export async function forgetServices(consul: ConsulClient, allocations: ReadonlySet<string>): Promise<void> {
  const isOf = (id: string) =>
    allocations.has(/^_nomad-task-([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})-/.exec(id)?.[1] ?? "");
  try {
    const ids = Object.keys(await consul.agentServices()).filter(isOf);
    await Promise.all(ids.map((id) => consul.deregisterService(id)));
  } catch {
    // It has ended too, or is about to.
  } finally {
    await consul.close();
  }
}
