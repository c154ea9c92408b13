import { UserError } from "../../jobspec";
import { ApiError, type ConsulClient, type JobJson, type NomadClient } from "../../nomad";
import type { DeploymentView } from "./deployment-view";
import type { Wanted } from "../stack";
import { watchDeployment, type Outcome } from "./watch";

/** What deploying takes. */
export interface DeployOptions {
  readonly nomad: NomadClient;
  readonly consul: ConsulClient;
  /** Called with what is being done, before it is done. */
  readonly onStep: (text: string) => void;
  /** Called whenever a deployment changed. */
  readonly onChange: (view: DeploymentView) => void;
  readonly signal?: AbortSignal;
}

/** A job with how its deployment ended. */
export interface JobOutcome extends Outcome {
  readonly job: JobJson;
}

/**
 * Brings what a stack wants to a cluster through Nomad's and Consul's own APIs: first what Consul needs to know, then the jobs, at
 * the same time but for those that wait for others, each watched until it is healthy. Every job is judged by the server before
 * anything is changed; what waits for a job that fails is left as it is.
 *
 * @throws UserError where the server refuses a job
 */
export async function deploy(wanted: readonly Wanted[], options: DeployOptions): Promise<JobOutcome[]> {
  const { nomad, consul, onStep } = options;
  onStep("asking Nomad what it thinks of the jobs");
  await refuseInvalid(wanted, nomad);

  for (const item of wanted) {
    options.signal?.throwIfAborted();
    if (item.kind === "keys") {
      onStep(`configuration in Consul's KV, ${item.prefix}`);
      await setKeys(consul, item.prefix, item.values);
    } else if (item.kind === "entry") {
      onStep(`${item.entry.Kind} of ${item.entry.Name} in Consul`);
      await consul.setConfigEntry(item.entry);
    }
  }

  // Each path with whether it went well; a job begins once all that it waits for did.
  const ends = new Map<string, Promise<boolean>>();
  const outcomes: JobOutcome[] = [];
  for (const item of wanted) {
    if (item.kind !== "job") continue;
    const before = Promise.all(item.after.map((path) => ends.get(path) ?? true));
    const end = before.then(async (well) => {
      if (well.includes(false)) return false;
      onStep(`registering ${item.job.ID}`);
      const registration = await nomad.register(item.job);
      const outcome = await watchDeployment(nomad, item.job.ID, registration, options);
      outcomes.push({ ...outcome, job: item.job });
      return outcome.result !== "failed";
    });
    ends.set(item.path, end);
  }
  await Promise.all(ends.values());
  const order = wanted.map((item) => (item.kind === "job" ? item.job.ID : ""));
  return outcomes.sort((a, b) => order.indexOf(a.job.ID) - order.indexOf(b.job.ID));
}

async function refuseInvalid(wanted: readonly Wanted[], nomad: NomadClient): Promise<void> {
  const refused: UserError["problems"][number][] = [];
  for (const item of wanted) {
    if (item.kind !== "job") continue;
    try {
      const verdict = await nomad.validate(item.job);
      for (const message of verdict.ValidationErrors ?? [])
        refused.push({ rule: "server", path: item.path, message: flat(message), severity: "error" });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      refused.push({ rule: "server", path: item.path, message: flat(error.body), severity: "error" });
    }
  }
  if (refused.length > 0) throw new UserError(refused);
}

/** The server nests its errors in trees, one "1 error occurred" in the other. */
function flat(message: string): string {
  return message
    .replaceAll(/\d+ errors? occurred:/g, "")
    .replaceAll(/\s*\*\s*/g, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
}

/** Makes the keys under a prefix exactly these. */
async function setKeys(consul: ConsulClient, prefix: string, values: Readonly<Record<string, string>>): Promise<void> {
  for (const [key, value] of Object.entries(values)) {
    if ((await consul.value(prefix + key)) !== value) await consul.setValue(prefix + key, value);
  }
  for (const key of await consul.keys(prefix)) {
    if (!Object.hasOwn(values, key.slice(prefix.length))) await consul.deleteKey(key);
  }
}
