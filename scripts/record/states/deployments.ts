import { setTimeout as sleep } from "node:timers/promises";
import type { JobJson } from "../../../lib/nomad";
import { jobOf } from "../jobs";
import type { Steps } from "./context";

const CANARY = { Canary: 1 };
const release = (number: number, more: object = {}) => ({ task: { Env: { RELEASE: String(number) } }, ...more });

/** Deployments of services, well and badly. */
export async function recordDeployments(steps: Steps): Promise<void> {
  await healthy(steps);
  await canary(steps);
  await failed(steps);
  await reverted(steps);
  await stuck(steps);
}

async function healthy(steps: Steps): Promise<void> {
  const { nomad } = steps;
  const beginning = steps.recording("deploying", "two allocations run, and are not healthy yet");
  const job = jobOf("web", { count: 2, update: { MinHealthyTime: 5e9 } });
  await beginning.take(nomad, "POST", "/v1/job/web/plan", { Job: job, Diff: true });
  await steps.register(beginning, job);
  await steps.running("web", 2);
  await beginning.takeJob(nomad, "web");
  beginning.write();

  await steps.deployment("web", 0, "successful");
  const recording = steps.recording("healthy", "a deployment of two allocations went well, and everything runs");
  await recording.takeJob(nomad, "web", job);
  const [allocation] = await steps.running("web", 2);
  await recording.take(
    nomad,
    "GET",
    `/v1/client/fs/logs/${allocation?.ID}?task=main&type=stdout&plain=true&follow=false&origin=start&offset=0`,
  );
  await recording.take(nomad, "GET", `/v1/client/allocation/${allocation?.ID}/checks`);
  for (const path of [
    "/v1/jobs",
    "/v1/allocations?task_states=true",
    "/v1/regions",
    "/v1/status/leader",
    // No stack has a record.
    "/v1/vars?prefix=cdk-nomad%2Fstacks%2F",
  ])
    await recording.take(nomad, "GET", path);
  await recording.takeNodes(nomad);
  await recording.take(nomad, "PUT", "/v1/validate/job", { Job: job });
  const hcl = 'job "a" {\n  group "g" {\n    task "t" {\n      driver = "raw_exec"\n    }\n  }\n}';
  await recording.take(nomad, "POST", "/v1/jobs/parse", { JobHCL: hcl, Variables: "", Canonicalize: false });
  recording.write();

  const edited = steps.recording("edited", "what a change, a scaling and a new group would bring about");
  const group = (job.TaskGroups as object[])[0];
  const changed: JobJson = { ...jobOf("web", { count: 4, ...release(2) }), Priority: 60 };
  const wanted = {
    ...changed,
    TaskGroups: [...(changed.TaskGroups as object[]), { ...group, Name: "more", Count: 1 }],
  };
  await edited.takeJob(nomad, "web", wanted);
  edited.write();

  const stopped = steps.recording("stopped", "somebody stopped the job");
  stopped.keep("DELETE /v1/job/web", await nomad.ask("DELETE", "/v1/job/web?purge=false", undefined, 200));
  await steps.allocations("web", "stopped allocations", (all) =>
    all.every(({ ClientStatus }) => ClientStatus === "complete"),
  );
  await steps.settled("web");
  await stopped.takeJob(nomad, "web", job);
  stopped.write();

  const purged = steps.recording("purged", "somebody purged the job: evaluations and allocations are all that is left");
  const { body } = await nomad.ask("DELETE", "/v1/job/web?purge=true", undefined, 200);
  await sleep(1000);
  await purged.takeJob(nomad, "web", job);
  await purged.take(nomad, "GET", `/v1/evaluation/${(body as { EvalID: string }).EvalID}`);
  await purged.take(nomad, "GET", "/v1/evaluation/00000000-0000-0000-0000-000000000000");
  purged.write();
}

async function canary(steps: Steps): Promise<void> {
  const { nomad } = steps;
  await steps.register(undefined, jobOf("web", { count: 2, update: CANARY, ...release(1) }));
  await steps.deployment("web", 0, "successful");
  const waiting = steps.recording("canary-waiting", "a healthy canary waits for its promotion");
  const job = jobOf("web", { count: 2, update: CANARY, ...release(2) });
  const early = await steps.register(waiting, job);
  const found = await nomad.until<readonly { ID: string; JobVersion: number }[]>(
    "the deployment of the canary",
    "/v1/job/web/deployments",
    (all) => all.some(({ JobVersion }) => JobVersion === 1),
  );
  const id = found.find(({ JobVersion }) => JobVersion === 1)?.ID ?? "";
  const refused = steps.recording(
    "promotion-refused",
    "a promotion before the canaries are healthy, and other refusals",
  );
  await refused.take(nomad, "PUT", `/v1/deployment/promote/${id}`, { DeploymentID: id, All: true });
  await refused.take(nomad, "POST", "/v1/job/web/scale", { Count: 5, Target: { Group: "api" } });
  await refused.take(nomad, "PUT", "/v1/job/web/revert", { JobID: "web", JobVersion: 1, EnforcePriorVersion: 1 });
  const { JobModifyIndex: index } = early.body as { JobModifyIndex: number };
  await refused.take(nomad, "PUT", "/v1/jobs", { Job: job, EnforceIndex: true, JobModifyIndex: index + 1000 });
  refused.write();

  const deployment = await steps.canaries("web", 1);
  await waiting.takeJob(nomad, "web", job);
  waiting.keep(
    `PUT /v1/deployment/promote/${deployment.ID}`,
    await nomad.ask("PUT", `/v1/deployment/promote/${deployment.ID}`, { DeploymentID: deployment.ID, All: true }, 200),
  );
  waiting.write();
  await steps.deployment("web", 1, "successful");
  const promoted = steps.recording("promoted", "a canary was promoted, and its deployment went well");
  await promoted.takeJob(nomad, "web", job);
  await promoted.take(nomad, "PUT", `/v1/deployment/fail/${deployment.ID}`);
  await promoted.take(nomad, "PUT", `/v1/deployment/promote/${deployment.ID}`, {
    DeploymentID: deployment.ID,
    All: true,
  });
  promoted.write();
  await steps.purge("web");
}

async function failed(steps: Steps): Promise<void> {
  const recording = steps.recording("failed", "the task exits with 3: the deployment failed");
  const job = jobOf("web", { count: 2, script: "echo cannot open the port >&2; exit 3" });
  await steps.register(recording, job);
  await steps.deployment("web", 0, "failed");
  await recording.takeJob(steps.nomad, "web", job);
  const [allocation] = await steps.allocations("web", "failed allocations", (all) =>
    all.some(({ ClientStatus }) => ClientStatus === "failed"),
  );
  for (const type of ["stdout", "stderr"])
    await recording.take(
      steps.nomad,
      "GET",
      `/v1/client/fs/logs/${allocation?.ID}?task=main&type=${type}&plain=true&follow=false&origin=end&offset=8192`,
    );
  recording.write();
  await steps.purge("web");
}

async function reverted(steps: Steps): Promise<void> {
  const update = { AutoRevert: true };
  await steps.register(undefined, jobOf("web", { update }));
  await steps.deployment("web", 0, "successful");
  await steps.nomad.until<readonly { Stable: boolean }[]>("a stable version", "/v1/job/web/versions", (answer) =>
    (answer as unknown as { Versions: { Stable: boolean }[] }).Versions.some(({ Stable }) => Stable),
  );
  const recording = steps.recording(
    "reverted",
    "a version failed, and auto_revert brought the one before back as a new one",
  );
  await steps.register(recording, jobOf("web", { update, script: "exit 3" }));
  await steps.deployment("web", 1, "failed");
  await steps.deployment("web", 2, "successful");
  await recording.takeJob(steps.nomad, "web", jobOf("web", { update, script: "exit 3" }));
  recording.write();
  const back = steps.recording("rolled-back", "somebody went back to version 0");
  back.keep(
    "PUT /v1/job/web/revert",
    await steps.nomad.ask("PUT", "/v1/job/web/revert", { JobID: "web", JobVersion: 1, EnforcePriorVersion: 2 }, 200),
  );
  await steps.deployment("web", 3, "failed");
  await back.takeJob(steps.nomad, "web", jobOf("web", { update, script: "exit 3" }));
  back.write();
  await steps.purge("web");
}

/** A task that is never started: its template wants a variable that is not there. */
async function stuck(steps: Steps): Promise<void> {
  const recording = steps.recording("missing-variable", "a template waits for a variable that is not there");
  const template = {
    DestPath: "local/env",
    EmbeddedTmpl: '{{ with nomadVar "nomad/jobs/web" }}{{ .password }}{{ end }}',
  };
  const job = jobOf("web", { task: { Templates: [template] } });
  await steps.register(recording, job);
  await steps.allocations("web", "a template that waits", (all) =>
    all.some(({ TaskStates }) => (TaskStates?.main?.Events ?? []).some(({ Type }) => Type === "Template")),
  );
  await recording.takeJob(steps.nomad, "web", job);
  recording.write();
  await steps.purge("web");
}
