import { jobOf } from "../jobs";
import type { Steps } from "./context";

/** What the event stream says while a job is deployed and stopped, and the headers of blocking queries. */
export async function recordStreams(steps: Steps): Promise<void> {
  const { nomad } = steps;
  const recording = steps.recording(
    "events",
    "what the event stream says while a job is deployed, and blocking queries",
  );
  const path = "/v1/event/stream?topic=Deployment&topic=Allocation&topic=Evaluation";
  const lines = nomad.streamed(path, 9);
  await steps.register(undefined, jobOf("web"));
  await steps.deployment("web", 0, "successful");
  recording.keep("GET /v1/event/stream", await lines);
  const { headers } = await recording.take(nomad, "GET", "/v1/deployments");
  await recording.take(nomad, "GET", `/v1/deployments?index=${headers?.["x-nomad-index"]}&wait=1s`);
  await recording.take(nomad, "GET", "/v1/allocations");
  recording.write();
  await steps.purge("web");
}
