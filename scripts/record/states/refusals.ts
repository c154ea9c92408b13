import { serfOf } from "../agents";
import { jobOf } from "../jobs";
import { Server } from "../recording";
import type { Steps } from "./context";

const NOBODY = "00000000-0000-0000-0000-000000000000";

/** What servers refuse, and what they say where they cannot answer. */
export async function recordRefusals(steps: Steps): Promise<void> {
  await requests(steps);
  await consul(steps);
  await consulAccess(steps);
  await access(steps);
  await regions(steps);
  await noLeader(steps);
}

async function requests(steps: Steps): Promise<void> {
  const { nomad } = steps;
  const recording = steps.recording("refused", "requests that a server refuses, whoever asks");
  const take = (method: string, path: string, body?: unknown) => recording.take(nomad, method, path, body);
  await take("POST", "/v1/jobs/parse", { JobHCL: 'job "a" {\n  group {\n', Variables: "", Canonicalize: false });
  const wrong = { ...jobOf("wrong"), TaskGroups: [] };
  await take("PUT", "/v1/validate/job", { Job: wrong });
  await take("PUT", "/v1/jobs", { Job: wrong });
  await take("POST", "/v1/job/wrong/plan", { Job: wrong, Diff: true });
  await take("POST", "/v1/job/other/plan?namespace=nowhere", {
    Job: { ...jobOf("other"), Namespace: "nowhere" },
    Diff: true,
  });
  await take("GET", "/v1/job/none");
  await take("GET", "/v1/job/none/summary");
  await take("GET", "/v1/job/none/versions?diffs=true");
  await take("GET", "/v1/job/none/deployments");
  await take("GET", "/v1/job/none/allocations");
  await take("GET", "/v1/job/none/evaluations");
  await take("GET", "/v1/job/none/submission?version=0");
  await take("DELETE", "/v1/job/none?purge=true");
  await take("PUT", "/v1/job/none/revert", { JobID: "none", JobVersion: 0, EnforcePriorVersion: 1 });
  await take("PUT", `/v1/deployment/promote/${NOBODY}`, { DeploymentID: NOBODY, All: true });
  await take("PUT", `/v1/deployment/fail/${NOBODY}`);
  await take("GET", `/v1/deployment/${NOBODY}`);
  await take("GET", `/v1/deployment/allocations/${NOBODY}`);
  await take("GET", "/v1/deployment/allocations/short");
  await take("GET", `/v1/node/${NOBODY}`);
  await take("GET", `/v1/client/fs/logs/${NOBODY}?task=main&type=stdout&plain=true`);
  await take("GET", `/v1/client/allocation/${NOBODY}/checks`);
  recording.write();
}

async function consul(steps: Steps): Promise<void> {
  const { consul: server } = steps.context;
  const recording = steps.recording("consul", "keys and configuration entries of Consul, there and not there");
  const take = (method: string, path: string, body?: unknown) => recording.take(server, method, path, body, "consul");
  await take("PUT", "/v1/kv/app/level", "info");
  await take("PUT", "/v1/kv/app/empty", "");
  await take("PUT", "/v1/kv/app/new?cas=0", "yes");
  await take("PUT", "/v1/kv/app/level?cas=0", "again");
  await take("GET", "/v1/kv/app/level");
  await take("GET", "/v1/kv/app/none");
  await take("GET", "/v1/kv/app/?recurse=true");
  await take("GET", "/v1/kv/none/?recurse=true");
  await take("GET", "/v1/kv/app/?keys=true");
  await take("DELETE", "/v1/kv/app/level?cas=1");
  await take("DELETE", "/v1/kv/app/level");
  const defaults = { Kind: "service-defaults", Name: "web", Protocol: "http" };
  await take("PUT", "/v1/config", defaults);
  await take("PUT", "/v1/config?cas=1", defaults);
  await take("GET", "/v1/config/service-defaults/web");
  await take("GET", "/v1/config/service-defaults/none");
  await take("GET", "/v1/config/no-such-kind/none");
  await take("DELETE", "/v1/config/service-defaults/web?cas=1");
  await take("DELETE", "/v1/config/service-defaults/web");
  await take("PUT", "/v1/config", { Kind: "service-splitter", Name: "web", Splits: [{ Weight: 10 }] });
  await take("GET", "/v1/health/service/none");
  await take("GET", "/v1/catalog/services");
  await take("GET", "/v1/agent/checks");
  await take("GET", "/v1/status/leader");
  recording.write();
}

async function consulAccess(steps: Steps): Promise<void> {
  const address = await steps.context.agents.consul("consul-acl", 4, {
    acl: {
      enabled: true,
      default_policy: "deny",
      tokens: { initial_management: "11111111-1111-4111-8111-111111111111" },
    },
  });
  const server = new Server(address);
  await server.until("a leader of Consul", "/v1/status/leader", (leader) => leader !== "");
  const recording = steps.recording(
    "consul-refuses-token",
    "a Consul with ACLs that is asked with a token that is not known",
  );
  const bad = new Server(address, "22222222-2222-4222-8222-222222222222");
  for (const [method, path, body] of [
    ["GET", "/v1/kv/app/level", undefined],
    ["PUT", "/v1/kv/app/level", "info"],
    ["DELETE", "/v1/kv/app/level", undefined],
    ["GET", "/v1/config/service-defaults/web", undefined],
    ["PUT", "/v1/config", { Kind: "service-defaults", Name: "web", Protocol: "http" }],
    ["GET", "/v1/health/service/web", undefined],
    ["GET", "/v1/agent/checks", undefined],
  ] as const)
    await recording.take(bad, method, path, body, "consul");
  recording.write();
  const anonymous = steps.recording("consul-wants-token", "a Consul with ACLs that is asked without a token");
  for (const path of [
    "/v1/kv/app/level",
    "/v1/kv/app/?recurse=true",
    "/v1/config/service-defaults/web",
    "/v1/agent/checks",
  ])
    await anonymous.take(server, "GET", path, undefined, "consul");
  await anonymous.take(server, "PUT", "/v1/kv/app/level", "info", "consul");
  anonymous.write();
  await steps.context.agents.kill("consul-acl");
}

/** Each kind of refusal of a Nomad with ACLs: no token, a token that is not known, one that may too little. */
async function access(steps: Steps): Promise<void> {
  const address = await steps.context.agents.nomad("node-acl", 2, { acl: { enabled: true } });
  const anonymous = new Server(address);
  await anonymous.until("a leader of the Nomad with ACLs", "/v1/status/leader", (leader) => leader !== "");
  const { SecretID: root } = (await bootstrap(anonymous)) as { SecretID: string };
  const admin = new Server(address, root);
  await admin.until<readonly { Status: string }[]>("a node", "/v1/nodes", (all) =>
    all.some(({ Status }) => Status === "ready"),
  );
  const tokenOf = async (name: string, rules: string) => {
    await admin.ask("POST", `/v1/acl/policy/${name}`, { Name: name, Rules: rules }, 200);
    const { body } = await admin.ask("POST", "/v1/acl/token", { Name: name, Type: "client", Policies: [name] }, 200);
    return (body as { SecretID: string }).SecretID;
  };
  const job = jobOf("web");
  await admin.put("/v1/jobs", { Job: job });
  const [allocation] = await admin.until<readonly { ID: string; NodeID: string; ClientStatus: string }[]>(
    "a running allocation",
    "/v1/job/web/allocations",
    (all) => all.some(({ ClientStatus }) => ClientStatus === "running"),
  );
  const kinds = {
    "wants-token": [anonymous, "a Nomad with ACLs that is asked without a token"],
    "unknown-token": [
      new Server(address, "11111111-1111-4111-8111-111111111111"),
      "a token that a Nomad does not know",
    ],
    "malformed-token": [new Server(address, "no-uuid"), "a token that is none"],
    "reads-only": [
      new Server(address, await tokenOf("reader", 'namespace "default" { policy = "read" }')),
      "a token that may only read",
    ],
    "plans-only": [
      new Server(
        address,
        await tokenOf("planner", 'namespace "default" { capabilities = ["list-jobs", "read-job", "plan-job"] }'),
      ),
      "a token that may plan, and not register",
    ],
  } as const;
  for (const [name, [server, about]] of Object.entries(kinds)) {
    const recording = steps.recording(name, about);
    await recording.takeJob(server, "web", job);
    const take = (method: string, path: string, body?: unknown) => recording.take(server, method, path, body);
    await take("PUT", "/v1/jobs", { Job: job });
    await take("DELETE", "/v1/job/web?purge=false");
    await take("PUT", "/v1/validate/job", { Job: job });
    await take("GET", "/v1/jobs");
    await take("GET", "/v1/nodes");
    await take("GET", `/v1/node/${allocation?.NodeID}`);
    await take("GET", `/v1/node/${allocation?.NodeID}/allocations`);
    await take("GET", `/v1/client/fs/logs/${allocation?.ID}?task=main&type=stdout&plain=true`);
    await take("GET", `/v1/client/allocation/${allocation?.ID}/checks`);
    await take("PUT", "/v1/job/web/revert", { JobID: "web", JobVersion: 0, EnforcePriorVersion: 1 });
    const stream = await recordStreamStart(server);
    recording.keep("GET /v1/event/stream", stream);
    recording.write();
  }
  await admin.ask("DELETE", "/v1/job/web?purge=true");
  await admin.until<readonly { ClientStatus: string }[]>("no allocation", "/v1/allocations", (all) =>
    all.every(({ ClientStatus }) => ClientStatus === "complete"),
  );
  await steps.context.agents.kill("node-acl");
}

/** The first answer of the event stream: a refusal, or its first line. */
async function recordStreamStart(server: Server) {
  return server.streamed("/v1/event/stream?topic=Deployment&topic=Allocation&topic=Evaluation", 1);
}

async function bootstrap(server: Server): Promise<unknown> {
  for (let tries = 0; tries < 50; tries += 1) {
    const answer = await server.ask("POST", "/v1/acl/bootstrap");
    if (answer.status === 200) return answer.body;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error("the ACL system could not be bootstrapped");
}

async function regions(steps: Steps): Promise<void> {
  const { nomad, context } = steps;
  const east = new Server(await context.agents.nomad("node-east", 3, { region: "east" }));
  await east.until("a leader in the east", "/v1/status/leader", (leader) => leader !== "");
  const recording = steps.recording("federated", "two regions, asked through the one in the west");
  await recording.take(nomad, "PUT", `/v1/agent/join?address=${serfOf(3)}`);
  await nomad.until<readonly string[]>("two regions", "/v1/regions", (all) => all.length === 2);
  await east.until<readonly { Status: string }[]>("a node in the east", "/v1/nodes", (all) =>
    all.some(({ Status }) => Status === "ready"),
  );
  const job = { ...jobOf("web"), Region: "east" };
  await recording.take(nomad, "GET", "/v1/regions");
  await recording.take(nomad, "POST", "/v1/job/web/plan?region=east", { Job: job, Diff: true });
  await recording.take(nomad, "PUT", "/v1/jobs?region=east", { Job: job });
  await east.until<readonly { Status: string }[]>("a deployment in the east", "/v1/job/web/deployments", (all) =>
    all.some(({ Status }) => Status === "successful"),
  );
  for (const rest of ["", "/deployments", "/summary", "/allocations", "/evaluations"])
    await recording.take(nomad, "GET", `/v1/job/web${rest}?region=east`);
  await recording.take(nomad, "GET", "/v1/jobs?region=north");
  recording.keep("GET /v1/event/stream?region=north", await nomad.streamed("/v1/event/stream?region=north", 1));
  await recording.take(nomad, "DELETE", "/v1/job/web?region=east&purge=true");
  recording.write();
  await east.until<readonly { ClientStatus: string }[]>("no allocation in the east", "/v1/allocations", (all) =>
    all.every(({ ClientStatus }) => ClientStatus === "complete"),
  );
  await context.agents.kill("node-east");
}

async function noLeader(steps: Steps): Promise<void> {
  const server = new Server(await steps.context.agents.leaderless("alone", 5));
  await server.listens();
  const recording = steps.recording("no-leader", "a server of a cluster that has no leader");
  for (const path of ["/v1/status/leader", "/v1/jobs", "/v1/job/web", "/v1/job/web/deployments", "/v1/nodes"])
    await recording.take(server, "GET", path);
  await recording.take(server, "PUT", "/v1/jobs", { Job: jobOf("web") });
  await recording.take(server, "POST", "/v1/job/web/plan", { Job: jobOf("web"), Diff: true });
  recording.keep("GET /v1/event/stream", await recordStreamStart(server));
  recording.write();
  await steps.context.agents.kill("alone");
}
