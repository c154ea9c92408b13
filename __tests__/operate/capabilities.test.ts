import * as v from "valibot";
import { Driver } from "../../lib/jobspec";
import { apiPath, isTokenRefused, messageOf, type JobJson, type NomadClient } from "../../lib/nomad";
import { OwnNomad } from "../support/own-nomad";
import { until } from "../support/until";
import { waitingJob } from "../support/waiting-job";

/** A server is asked with tokens that may one thing each: what a refusal says that a token needs is what it needs, and all that it needs. */

const own = new OwnNomad();
let nomad: NomadClient;
let allocation: string;
let node: string;
const job = waitingJob("waiting", Driver.rawExec({ command: "/bin/sleep", args: ["600"] })).toApi().Job as JobJson;

beforeAll(async () => {
  await own.start();
  nomad = own.client();
  await nomad.register(job);
  await until("its allocation", async () => (await nomad.allocations("waiting"))[0]?.ClientStatus === "running");
  const [found] = await nomad.allocations("waiting");
  [allocation, node] = [found?.ID ?? "", found?.NodeID ?? ""];
});
afterAll(async () => {
  await nomad.close();
  await own.remove();
});

let made = 0;
async function tokenWith(rules: string): Promise<string> {
  const name = `only-${(made += 1)}`;
  await nomad.http.post(apiPath`/v1/acl/policy/${name}`, v.unknown(), { body: { Name: name, Rules: rules } });
  const body = { Name: name, Type: "client", Policies: [name] };
  return (await nomad.http.post(apiPath`/v1/acl/token`, v.object({ SecretID: v.string() }), { body })).SecretID;
}

/** Why a token is refused; undefined where it is not, whatever else the server says. */
async function refusal(token: string, ask: (client: NomadClient) => Promise<unknown>): Promise<string | undefined> {
  const client = own.client(token);
  try {
    await ask(client);
    return undefined;
  } catch (error) {
    return isTokenRefused(error) ? messageOf(error) : undefined;
  } finally {
    await client.close();
  }
}

const parse = (client: NomadClient) => client.parse('job "x" {}');

test.each<readonly [what: string, ask: (client: NomadClient) => Promise<unknown>]>([
  ["the list of jobs", (client) => client.jobs()],
  ["a job", (client) => client.job("waiting")],
  ["its allocations", (client) => client.allocations("waiting")],
  ["its evaluations", (client) => client.evaluations("waiting")],
  ["its deployments", (client) => client.deployments("waiting")],
  ["its submission", (client) => client.submission("waiting", 0)],
  ["all allocations", (client) => client.allAllocations()],
  ["nodes", (client) => client.readyNodes()],
  ["a node", (client) => client.http.get(apiPath`/v1/node/${node}`, v.unknown())],
  ["an agent", (client) => client.http.get(apiPath`/v1/agent/self`, v.unknown())],
  ["the parser", parse],
  ["a verdict", (client) => client.validate(job)],
  ["a plan", (client) => client.http.post(apiPath`/v1/job/waiting/plan`, v.unknown(), { body: { Job: job } })],
  ["a registration", (client) => client.register(job)],
  ["a scaling", (client) => client.scale("waiting", "g", 1, { message: "the same" })],
  [
    "a restart",
    (client) =>
      client.http.put(apiPath`/v1/client/allocation/${allocation}/restart`, v.unknown(), {
        body: { TaskName: "none" },
      }),
  ],
  [
    "a log",
    (client) =>
      client.http.get(apiPath`/v1/client/fs/logs/${allocation}`, v.unknown(), {
        query: { task: "t", type: "stdout", plain: "true" },
      }),
  ],
  [
    "the end of an allocation",
    (client) => client.http.put(apiPath`/v1/allocation/${allocation}/stop`, v.unknown(), { body: {} }),
  ],
  ["the end of a job", (client) => client.deregister("waiting")],
])("%s", async (_what, ask) => {
  const said = await refusal(await tokenWith('namespace "elsewhere" { policy = "read" }'), ask);
  const capability = /with the capability ([a-z-]+)/.exec(said ?? "")?.[1];
  const policy = /\((\w+ \{ policy = "read" \})\)/.exec(said ?? "")?.[1];
  expect([said, capability ?? policy]).toEqual([
    expect.stringContaining('eval "$(npx cdk-nomad env)"'),
    expect.any(String),
  ]);
  const rules = policy ?? `namespace "default" { capabilities = ["${capability}"] }`;
  expect(await refusal(await tokenWith(rules), ask)).toBeUndefined();
});
