import { NomadClient } from "../nomad";
import { consulOf, nomadOf, type Guarded, type Tokens } from "./access";
import type { Agent } from "./agents";
import { answers, isOpen } from "./vault";

/** Whether an agent can be used: Nomad and Consul have a leader, Nomad also a node that takes work, and the store of a server of secrets is open. */
export async function isReady(agent: Agent, tokens: Tokens | undefined): Promise<boolean> {
  if (agent.program === "vault") return isOpen(agent);
  const client = agent.program === "nomad" ? nomadOf(agent, tokens) : consulOf(agent, tokens);
  try {
    if (!(await client.leader())) return false;
    return client instanceof NomadClient ? (await client.readyNodes()).length > 0 : true;
  } catch {
    return false;
  } finally {
    await client.close();
  }
}

/** Whether an agent answers and has a leader, which nobody needs a token to know. @param guard what keeps everybody else out of it */
export async function leads(agent: Agent, guard?: Guarded): Promise<boolean> {
  if (agent.program === "vault") return answers(agent);
  const client = agent.program === "nomad" ? nomadOf(agent, undefined, guard) : consulOf(agent, undefined);
  try {
    return (await client.leader()) !== undefined;
  } catch {
    return false;
  } finally {
    await client.close();
  }
}
