import { jobOf } from "../jobs";
import type { Steps } from "./context";

/** Services in Nomad and in Consul whose checks do not pass: of a deployment that waits for them, and of one that does not. */
export async function recordServices(steps: Steps): Promise<void> {
  for (const provider of ["nomad", "consul"] as const) {
    await failing(steps, provider, {
      name: `failing-check-${provider}`,
      about: `a service in ${provider} whose check does not pass`,
      healthCheck: "checks",
    });
    await failing(steps, provider, {
      name: `service-down-${provider}`,
      about: `a deployment went well, everything runs, and the check of a service in ${provider} does not pass`,
      healthCheck: "task_states",
    });
  }
}

async function failing(
  steps: Steps,
  provider: "nomad" | "consul",
  { name, about, healthCheck }: { readonly name: string; readonly about: string; readonly healthCheck: string },
): Promise<void> {
  const { consul } = steps.context;
  const recording = steps.recording(name, about);
  const check = { Name: "answers", Type: "http", Path: "/health", Interval: 1e9, Timeout: 1e9, PortLabel: "http" };
  const service = { Name: "web-api", Provider: provider, PortLabel: "http", Checks: [check] };
  const job = jobOf("web", {
    update: { HealthCheck: healthCheck },
    group: { Networks: [{ Mode: "host", DynamicPorts: [{ Label: "http" }] }], Services: [service] },
  });
  await steps.register(recording, job);
  const [allocation] = await steps.running("web");
  const own = `/v1/client/allocation/${allocation?.ID}/checks`;
  if (provider === "nomad")
    await steps.nomad.until<Record<string, { Status: string }>>("a check that fails", own, (all) =>
      Object.values(all).some(({ Status }) => Status === "failure"),
    );
  else
    await consul.until<Record<string, { Output: string }>>("a check that fails", "/v1/agent/checks", (all) =>
      Object.values(all).some(({ Output }) => Output !== ""),
    );
  if (healthCheck === "task_states") await steps.deployment("web", 0, "successful");
  await recording.takeJob(steps.nomad, "web", job);
  await recording.take(steps.nomad, "GET", own);
  await recording.take(steps.nomad, "GET", "/v1/service/web-api");
  for (const path of [
    "/v1/health/service/web-api",
    `/v1/health/state/any?filter=${encodeURIComponent(`ServiceID contains "${allocation?.ID}"`)}`,
    "/v1/agent/checks",
    "/v1/catalog/services",
  ])
    await recording.take(consul, "GET", path, undefined, "consul");
  recording.write();
  await steps.purge("web");
}
