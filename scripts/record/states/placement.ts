import { NODE } from "../agents";
import { jobOf, type JobOptions } from "../jobs";
import type { Steps } from "./context";

/** States in which allocations find no node, or wait for one. */
export async function recordPlacement(steps: Steps): Promise<void> {
  const nowhere: Readonly<Record<string, { about: string; job: JobOptions; placed?: number }>> = {
    "no-node-fits": {
      about: "a constraint leaves out every node: nothing is placed",
      job: { count: 2, job: { Constraints: [{ LTarget: "${meta.tier}", RTarget: "gold", Operand: "=" }] } },
    },
    "too-much-memory": { about: "a task wants more memory than any node has", job: { memory: NODE.memory * 10 } },
    "small-disk": {
      about: "the ephemeral disk is larger than that of any node",
      job: { group: { EphemeralDisk: { SizeMB: NODE.disk * 10 } } },
    },
    "missing-driver": {
      about: "no node has the driver",
      job: { task: { Driver: "podman", Config: { image: "docker.io/library/nginx:1.27" } } },
    },
    "no-datacenter": { about: "no node is in the job's datacenters", job: { job: { Datacenters: ["mars"] } } },
    "second-too-large": {
      about: "a group of two of which one finds room: the other waits in a blocked evaluation",
      job: { count: 2, memory: Math.round(NODE.memory * 0.6) },
      placed: 1,
    },
  };
  for (const [name, { about, job: options, placed }] of Object.entries(nowhere)) {
    const recording = steps.recording(name, about);
    const job = jobOf("web", options);
    await steps.nomad
      .ask("POST", "/v1/job/web/plan", { Job: job, Diff: true })
      .then((answer) => recording.keep("POST /v1/job/web/plan", answer));
    await steps.register(recording, job);
    if (placed) await steps.running("web", placed);
    await steps.settled("web");
    await recording.takeJob(steps.nomad, "web");
    recording.write();
    await steps.purge("web");
  }
  await canaryWithoutRoom(steps);
}

async function canaryWithoutRoom(steps: Steps): Promise<void> {
  const options = { memory: Math.round(NODE.memory * 0.6), update: { Canary: 1 } };
  await steps.register(undefined, jobOf("web", options));
  await steps.deployment("web", 0, "successful");
  const recording = steps.recording("canary-without-room", "a canary finds no node beside the allocation that runs");
  const next = jobOf("web", { ...options, task: { Env: { RELEASE: "2" } } });
  await steps.register(recording, next);
  await steps.settled("web");
  await recording.takeJob(steps.nomad, "web", next);
  recording.write();
  await steps.purge("web");
}
