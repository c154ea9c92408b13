import { Masking } from "../../lib/masking";
import { ConsulClient, consulConnection, NomadClient, nomadConnection } from "../../lib/nomad";
import { verdictOf } from "../../lib/operations";
import { clusterEnvironments, type Environments } from "../../lib/page";
import { POOL_SERVICE_POLICIES } from "../../lib/pools";
import { clusterForSuite } from "../support/cluster";
import { Project } from "../support/project";
import { environmentWith, without, works, type Rules } from "../support/rights";
import { until } from "../support/until";

const cluster = clusterForSuite({ program: Project.SMALL_JOBS });
const { project } = cluster;

const server = (port: number) =>
  `exec ${process.execPath} -e 'require("node:http").createServer((_, answer) => answer.end("here")).listen(${port}, "127.0.0.1")'`;
const web = (release: string) => ({ id: "web", canary: 1, env: { RELEASE: release } });

type Ability = "records" | "verdict" | "log" | "promote";

/** Whether the page can do something with some rules; what it can do once is not done for another question. */
async function can(rules: Rules, ability: Ability): Promise<boolean> {
  const environment = await environmentWith(cluster, rules);
  const nomad = new NomadClient(nomadConnection(environment));
  const consul = new ConsulClient(consulConnection(environment));
  const onTrouble = () => undefined;
  const now = () => performance.now();
  const page = clusterEnvironments({ nomad, consul, masking: new Masking(), now, onTrouble });
  try {
    const { environments, unread } = await page.list();
    const found = environments.find(({ environment: name }) => name === "dev");
    const id = found?.id ?? "";
    if (ability === "records") return unread.length === 0 && found !== undefined;
    if (ability === "verdict") return (await verdict(page, id)) === "waiting-for-promotion";
    if (ability === "promote") return await works(page.promote(id, { job: "web" }, (await deployment()) ?? ""));
    return await works(page.log(id, { job: "web", allocation: await allocation(), task: "script", stream: "stdout" }));
  } finally {
    await page.close();
    await Promise.all([nomad.close(), consul.close()]);
  }
}

async function verdict(page: Environments, id: string): Promise<string> {
  const jobs = await page.status(id).catch(() => undefined);
  return jobs ? verdictOf(jobs) : "unknown";
}

async function allocation(): Promise<string> {
  const [first] = (await cluster.nomad.allocations("web")).filter(({ ClientStatus }) => ClientStatus === "running");
  return first?.ID ?? "";
}

async function deployment(): Promise<string | undefined> {
  return (await cluster.nomad.deployments("web"))[0]?.ID;
}

beforeAll(async () => {
  const served = { id: "served", checkedPort: cluster.port(0), script: server(cluster.port(0)) };
  project.change({ jobs: [web("one"), served] });
  const first = await project.run(["deploy", "dev"]);
  if (first.code !== 0) throw new Error(first.stderr);
  project.change({ jobs: [web("two"), served] });
  await project.run(["deploy", "dev", "--detach"]);
  await until("a canary waits", async () => (await project.run(["status", "dev"])).code === 3);
}, 240_000);

const RULES: Rules = POOL_SERVICE_POLICIES;

test.each<Ability>(["records", "verdict", "log"])(
  "with the service's own policies the page has its %s",
  async (ability) => {
    expect(await can(RULES, ability)).toBe(true);
  },
);

test.each<[string, Rules, Ability]>([
  ["read-job", without(RULES, "nomad", /"read-job",/), "verdict"],
  ["read-logs", without(RULES, "nomad", /"read-logs",/), "log"],
  ["submit-job", without(RULES, "nomad", /"submit-job",/), "promote"],
  ["Nomad's records", without(RULES, "nomad", /path "cdk-nomad[^}]*\}/), "records"],
  ["Consul's records", without(RULES, "consul", /key_prefix "cdk-nomad[^}]*\}/), "records"],
  ["services", without(RULES, "consul", /service_prefix[^}]*\}/), "verdict"],
  ["nodes", without(RULES, "consul", /node_prefix[^}]*\}/), "verdict"],
])(
  "without the right to %s it lacks something, and says of nothing that it is well",
  async (_right, rules, ability) => {
    expect(await can(rules, ability)).toBe(false);
  },
);

test("and at last it promotes", async () => {
  expect(await can(RULES, "promote")).toBe(true);
  await until("the canary was promoted", async () => {
    const [newest] = await cluster.nomad.deployments("web");
    return newest?.TaskGroups?.work?.Promoted === true;
  });
});
