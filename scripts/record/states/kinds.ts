import { jobOf } from "../jobs";
import type { Steps } from "./context";

/** Jobs of the kinds that have no deployment, or another one. */
export async function recordKinds(steps: Steps): Promise<void> {
  await batches(steps);
  await dispatched(steps);
  await periodic(steps);
  await system(steps);
}

async function batches(steps: Steps): Promise<void> {
  for (const [name, about, script, status] of [
    ["batch-exits-7", "a batch job whose task exits with 7", "echo no input; exit 7", "failed"],
    ["batch-complete", "a batch job that went well", "exit 0", "complete"],
    ["batch-running", "a batch job that goes on", "sleep 600", "running"],
  ] as const) {
    const recording = steps.recording(name, about);
    const job = jobOf("load", { type: "batch", script });
    await steps.register(recording, job);
    await steps.allocations(
      "load",
      status,
      (all) => all.length > 0 && all.every(({ ClientStatus }) => ClientStatus === status),
    );
    await steps.settled("load");
    await recording.takeJob(steps.nomad, "load", job);
    await recording.take(steps.nomad, "GET", "/v1/jobs");
    recording.write();
    await steps.purge("load");
  }
}

async function dispatched(steps: Steps): Promise<void> {
  const recording = steps.recording(
    "dispatched",
    "a parameterized job, dispatched twice: once well, once it exits with 7",
  );
  const job = jobOf("load", {
    type: "batch",
    script: "exit $CODE",
    job: { ParameterizedJob: { Payload: "forbidden", MetaRequired: ["code"] } },
    task: { Env: { CODE: "${NOMAD_META_code}" } },
  });
  await steps.register(recording, job);
  for (const code of ["0", "7"]) {
    const answer = await steps.nomad.ask("PUT", "/v1/job/load/dispatch", { Meta: { code } }, 200);
    recording.keep("PUT /v1/job/load/dispatch", answer);
    const { DispatchedJobID: child } = answer.body as { DispatchedJobID: string };
    await steps.allocations(child, "an end", (all) =>
      all.some(({ ClientStatus }) => ["complete", "failed"].includes(ClientStatus)),
    );
  }
  await recording.takeJob(steps.nomad, "load", job);
  await recording.take(steps.nomad, "GET", "/v1/jobs");
  const children = (await recording.take(steps.nomad, "GET", "/v1/jobs?prefix=load/")).body as { ID: string }[];
  for (const { ID } of children) await recording.takeJob(steps.nomad, ID);
  recording.write();
  for (const { ID } of children) await steps.purge(ID);
  await steps.purge("load");
}

async function periodic(steps: Steps): Promise<void> {
  const recording = steps.recording("periodic", "a periodic job that was launched once, and exited with 7");
  const job = jobOf("nightly", {
    type: "batch",
    script: "exit 7",
    job: { Periodic: { Enabled: true, Spec: "0 3 1 1 *", SpecType: "cron", ProhibitOverlap: true, TimeZone: "UTC" } },
  });
  await steps.register(recording, job);
  recording.keep(
    "PUT /v1/job/nightly/periodic/force",
    await steps.nomad.ask("PUT", "/v1/job/nightly/periodic/force", undefined, 200),
  );
  const [child] = await steps.nomad.until<readonly { ID: string }[]>(
    "a child",
    "/v1/jobs?prefix=nightly/",
    (all) => all.length > 0,
  );
  await steps.allocations(child?.ID ?? "", "an end", (all) =>
    all.some(({ ClientStatus }) => ClientStatus === "failed"),
  );
  await recording.takeJob(steps.nomad, "nightly", job);
  await recording.take(steps.nomad, "GET", "/v1/jobs");
  await recording.take(steps.nomad, "GET", "/v1/jobs?prefix=nightly/");
  await recording.takeJob(steps.nomad, child?.ID ?? "");
  recording.write();
  await steps.purge(child?.ID ?? "");
  await steps.purge("nightly");
}

async function system(steps: Steps): Promise<void> {
  const whole = steps.recording("system", "a system job with an allocation on every node");
  const job = jobOf("agent", { type: "system" });
  await steps.register(whole, job);
  const [allocation] = await steps.running("agent");
  await steps.deployment("agent", 0, "successful");
  await steps.settled("agent");
  await whole.takeJob(steps.nomad, "agent", job);
  whole.write();

  const stopped = steps.recording("system-stopped-allocation", "somebody stopped the allocation of a system job");
  stopped.keep(
    `PUT /v1/allocation/${allocation?.ID}/stop`,
    await steps.nomad.ask("PUT", `/v1/allocation/${allocation?.ID}/stop`, undefined, 200),
  );
  await steps.allocations("agent", "a stopped allocation", (all) =>
    all.some(({ ClientStatus }) => ClientStatus === "complete"),
  );
  await steps.settled("agent");
  await stopped.takeJob(steps.nomad, "agent", job);
  stopped.write();
  await steps.purge("agent");

  const nowhere = steps.recording("system-no-node", "a system job that no node takes");
  const gold = jobOf("agent", {
    type: "system",
    job: { Constraints: [{ LTarget: "${meta.tier}", RTarget: "gold", Operand: "=" }] },
  });
  await steps.register(nowhere, gold);
  await steps.settled("agent");
  await nowhere.takeJob(steps.nomad, "agent", gold);
  nowhere.write();
  await steps.purge("agent");
}
