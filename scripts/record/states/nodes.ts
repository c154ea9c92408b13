import { jobOf } from "../jobs";
import type { Steps } from "./context";

interface NodeJson {
  readonly ID: string;
  readonly Name: string;
  readonly Status: string;
  readonly SchedulingEligibility: string;
}

/** Nodes that are drained, and that are lost with what ran on them. */
export async function recordNodes(steps: Steps): Promise<void> {
  const { nomad, context } = steps;
  await context.agents.nomadClient("node-2", 1, 0);
  const node = async (status: string, eligibility?: string) =>
    (
      await nomad.until<readonly NodeJson[]>(`node-2 is ${status}`, "/v1/nodes", (all) =>
        all.some(
          ({ Name, Status, SchedulingEligibility }) =>
            Name === "node-2" && Status === status && (!eligibility || SchedulingEligibility === eligibility),
        ),
      )
    ).find(({ Name }) => Name === "node-2")?.ID ?? "";
  const id = await node("ready");
  // Its allocation may go nowhere else.
  const bound = { job: { Constraints: [{ LTarget: "${meta.rack}", RTarget: "node-2", Operand: "=" }] } };

  await steps.register(undefined, jobOf("web", bound));
  await steps.deployment("web", 0, "successful");
  const drained = steps.recording("drained-node", "the node of a job's allocation is drained, and no other takes it");
  drained.keep(
    `PUT /v1/node/${id}/drain`,
    await nomad.ask("PUT", `/v1/node/${id}/drain`, { DrainSpec: { Deadline: 1e9 } }, 200),
  );
  await steps.allocations("web", "a drained allocation", (all) =>
    all.some(({ ClientStatus }) => ClientStatus === "complete"),
  );
  await steps.settled("web");
  await drained.takeJob(nomad, "web", jobOf("web", bound));
  await drained.takeNodes(nomad);
  drained.write();
  await steps.purge("web");

  await nomad.ask("PUT", `/v1/node/${id}/drain`, { DrainSpec: null, MarkEligible: true }, 200);
  await node("ready", "eligible");
  await steps.register(undefined, jobOf("web", bound));
  await steps.deployment("web", 0, "successful");
  const lost = steps.recording("lost-node", "the node of a job's allocation was switched off, and no other takes it");
  await context.agents.kill("node-2");
  await node("down");
  await steps.allocations("web", "a lost allocation", (all) => all.some(({ ClientStatus }) => ClientStatus === "lost"));
  await steps.settled("web");
  await lost.takeJob(nomad, "web", jobOf("web", bound));
  await lost.takeNodes(nomad);
  const [allocation] = await steps.allocations("web", "a lost allocation", (all) => all.length > 0);
  await lost.take(
    nomad,
    "GET",
    `/v1/client/fs/logs/${allocation?.ID}?task=main&type=stderr&plain=true&follow=false&origin=end&offset=8192`,
  );
  await lost.take(nomad, "GET", `/v1/client/allocation/${allocation?.ID}/checks`);
  lost.write();
  await steps.purge("web");
}
