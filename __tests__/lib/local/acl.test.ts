import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { EmbeddedCluster } from "../../../lib/local";
import { agentsOf, filesOf, type Agent } from "../../../lib/local/agents/agents";
import { configOf } from "../../../lib/local/configurations";
import { agentEnvironment, templateEnvironment } from "../../../lib/local/agents/start-agent";
import { makeTokens, readTokens } from "../../../lib/local/access/tokens";
import { POOL_SERVICE_POLICIES } from "../../../lib/pools";
import { ORDINARY_MACHINE } from "../../support/binaries";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "cdk-nomad-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const REGIONS = ["us-west", "us-east"];
const [consul, nomad, otherConsul, otherNomad] = agentsOf({ portOffset: 0, regions: REGIONS }) as [
  Agent,
  Agent,
  Agent,
  Agent,
];

/** What an agent of a closed cluster is configured with, as far as access goes. */
function configured(agent: Agent, version: string, closed = true) {
  const tokens = closed ? makeTokens(folder) : undefined;
  const files = filesOf(folder, agent.name);
  return JSON.parse(
    JSON.stringify(configOf(agent, { files, machine: ORDINARY_MACHINE, version, firstRegion: "us-west", tokens })),
  ) as Record<string, Record<string, unknown>>;
}

test("every agent of a closed cluster asks for tokens, and none of an open one", () => {
  for (const agent of [consul, nomad, otherConsul, otherNomad]) {
    expect(configured(agent, "1.20.1").acl).toMatchObject({ enabled: true });
    expect(configured(agent, "1.20.1", false)).not.toHaveProperty("acl");
  }
  expect(configured(consul, "1.20.1").acl).toMatchObject({ default_policy: "deny" });
  expect(configured(otherConsul, "1.20.1").acl).toMatchObject({ default_policy: "deny" });
});

test("the other regions copy what the first one decides, and join it before they lead", () => {
  expect(configured(otherNomad, "1.11.3")).toMatchObject({
    server: { authoritative_region: "us-west", server_join: { retry_join: ["127.0.0.1:4648"] } },
    acl: { replication_token: expect.stringMatching(/^[\da-f-]{36}$/) as string },
  });
  expect(configured(nomad, "1.11.3").acl).not.toHaveProperty("replication_token");
});

test("each region's workloads log in by a way of their own; a Nomad that knows no identities is not told of them", () => {
  const methods = [nomad, otherNomad].map((agent) => configured(agent, "1.11.3").consul?.service_auth_method);
  expect(new Set(methods).size).toBe(2);
  const old = configured(nomad, "1.6.5").consul ?? {};
  expect(old).toHaveProperty("token");
  expect(Object.keys(old).filter((key) => /identity|auth_method/.test(key))).toEqual([]);
  expect(configured(consul, "1.17.3")).not.toHaveProperty("default_intention_policy");
});

test("a Nomad is told the file of the templates' token, and a Consul is not", () => {
  expect(templateEnvironment(nomad, "/a")).toEqual({ CONSUL_HTTP_TOKEN_FILE: "/a" });
  expect(templateEnvironment(consul, "/a")).toEqual({});
});

test("tokens stand in files of their owner alone, and others are made at each start", () => {
  const first = makeTokens(folder);
  expect(readTokens(folder)).toEqual(first);
  const place = join(folder, "tokens");
  expect(
    [place, ...readdirSync(place).map((name) => join(place, name))].map((path) => statSync(path).mode & 0o077),
  ).toEqual([0, 0, 0, 0, 0, 0]);
  const second = Object.values(makeTokens(folder));
  expect(second.filter((token) => Object.values(first).includes(token))).toEqual([]);
  rmSync(join(place, "consul"));
  expect(readTokens(folder)).toBeUndefined();
});

describe("the variables of a cluster", () => {
  const write = (state: object) => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "cluster.json"), JSON.stringify({ format: 1, portOffset: 0, agents: {}, ...state }));
  };

  test("have its tokens where it is closed", () => {
    write({ closed: true });
    const { nomad: token, consul: other } = makeTokens(folder);
    const cluster = new EmbeddedCluster(folder, () => true);
    expect(cluster.environment()).toMatchObject({ NOMAD_TOKEN: token, CONSUL_HTTP_TOKEN: other });
    const dead = new EmbeddedCluster(folder, (_folder, { program }) => program === "consul").environment();
    expect([dead?.NOMAD_TOKEN, dead?.CONSUL_HTTP_TOKEN]).toEqual([undefined, other]);
    expect(cluster.programVariables()).toEqual({ CDK_NOMAD_CLOSED: "true" });
  });

  test("name no agent of a further region that has ended, nor one in whose place somebody else answers", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    // The Nomad of the first region has the port 4646 + offset, that of the second a hundred more.
    const at = (portOffset: number) => write({ closed: true, regions: ["us-west", "us-east"], portOffset });
    const cluster = new EmbeddedCluster(folder, () => false);
    const refuse = (address: string | undefined) => () => cluster.refuseStranger("nomad", address);
    at(port - 4646 - 100);
    expect(refuse(`http://127.0.0.1:${port}`)).toThrow(/nomad-us-east, which has ended, and .* answers there/);
    server.close();
    await once(server, "close");
    expect(refuse(`http://127.0.0.1:${port}`)).toThrow(/nomad-us-east, which has ended; cdk-nomad up starts it again/);
    expect(refuse(`http://localhost:${port}`)).toThrow(/has ended; cdk-nomad up/);
    expect(refuse("https://nomad.example.com")).not.toThrow();
    const answering = new EmbeddedCluster(folder, () => true);
    expect(() => answering.refuseStranger("nomad", `http://127.0.0.1:${port}`)).not.toThrow();
  });

  test("have none where an older release started it", () => {
    write({ portOffset: 1000 });
    makeTokens(folder);
    const cluster = new EmbeddedCluster(folder);
    expect(cluster.environment()).toEqual({
      NOMAD_ADDR: "http://127.0.0.1:5646",
      CONSUL_HTTP_ADDR: "http://127.0.0.1:9500",
    });
    expect(cluster.programVariables()).toEqual({ CDK_NOMAD_PORT_OFFSET: "1000" });
  });
});

test("the page that leads a browser to its token is for its owner alone", () => {
  const page = fileURLToPath(
    new EmbeddedCluster(folder).loginPage(new URL("http://127.0.0.1:4646/ui/?ott=a&b=%22%3E")),
  );
  expect(statSync(page).mode & 0o077).toBe(0);
  expect(readFileSync(page, "utf8")).toContain('content="0;url=http://127.0.0.1:4646/ui/?ott=a&amp;b=%22%3E"');
});

test("the policies of the pools' service are those of the examples", () => {
  for (const api of ["nomad", "consul"] as const) {
    const example = readFileSync(join(__dirname, `../../../examples/policies/pool-service.${api}.hcl`), "utf8");
    const words = (rules: string) => rules.replaceAll(/#.*$/gm, "").trim().split(/\s+/).join(" ");
    expect(words(POOL_SERVICE_POLICIES[api])).toBe(words(example));
  }
});

test("an agent is told what it needs of the environment, and no token or password of whoever starts it", () => {
  const told = {
    PATH: "/bin",
    HOME: "/home/a",
    LC_ALL: "C",
    DOCKER_HOST: "unix:///run/docker.sock",
    JAVA_HOME: "/java",
    http_proxy: "http://proxy.example:3128",
    NO_PROXY: "localhost",
  };
  const kept = {
    GITHUB_TOKEN: "a",
    NOMAD_TOKEN: "b",
    VAULT_ADDR: "c",
    CONSUL_HTTP_ADDR: "d",
    AWS_SECRET_ACCESS_KEY: "e",
    HTTPS_PROXY: "http://user:password@proxy.example:3128",
    LD_PRELOAD: "f",
    path: "g",
  };
  expect(agentEnvironment({ ...told, ...kept })).toEqual(told);
});
