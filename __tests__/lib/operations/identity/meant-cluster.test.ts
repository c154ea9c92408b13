import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NomadClient, nomadConnection } from "../../../../lib/nomad";
import {
  identifyCluster,
  isSameCluster,
  LastClusters,
  refuseUnmeant,
  type ClusterIdentity,
  type MeantCluster,
} from "../../../../lib/operations";
import { withServer } from "../../../support/replayed-clients";

const PROD: ClusterIdentity = {
  address: "https://nomad.prod.example.com:4646",
  keys: ["p1"],
  region: "eu",
  consulId: "11111111-0000",
  consulDatacenter: "eu-1",
};
const DEV = { address: "http://127.0.0.1:5646", keys: ["d1"], consulId: "22222222-0000", consulDatacenter: "dc1" };

const going = (more: Partial<MeantCluster> = {}): MeantCluster => ({
  stack: "dev",
  here: PROD,
  isEmbedded: false,
  isRecorded: false,
  toNewCluster: false,
  ...more,
});
const refusal = (known: MeantCluster): string => {
  try {
    refuseUnmeant(known);
    return "";
  } catch (error) {
    return String((error as Error).message);
  }
};

describe("a stack that went elsewhere the last time", () => {
  const last = { ...DEV, embedded: false };

  test("is refused, with where it went, where this is, and what to write", () => {
    const said = refusal(going({ last }));
    expect(said).toContain("went to http://127.0.0.1:5646 the last time");
    expect(said).toContain("https://nomad.prod.example.com:4646 is another one");
    expect(said).toContain("cdk-nomad deploy dev --to-new-cluster");
  });

  test("that was the embedded cluster: the way back is named", () => {
    const said = refusal(going({ last: { ...last, embedded: true } }));
    expect(said).toMatch(/the embedded cluster of this project.*eval "\$\(npx cdk-nomad env\)"/);
  });

  test.each<[string, Partial<MeantCluster>]>([
    ["goes where it is told to", { toNewCluster: true }],
    ["goes where it has been before", { isRecorded: true }],
    ["goes to the embedded cluster, which is nobody else's", { isEmbedded: true }],
    ["goes where it says that it is for", { declared: { address: "https://nomad.*.example.com:4646" } }],
  ])("%s", (_what, more) => {
    expect(refusal(going({ last, ...more }))).toBe("");
  });

  test("of a record that cannot be read it is not said that there is none", () => {
    expect(refusal(going({ last, isRecorded: "unknown" }))).toContain("whose record of it cannot be read");
    expect(refusal(going({ last }))).toContain("which has no record of it");
  });

  test("a region that it names tells no clusters apart", () => {
    expect(refusal(going({ last, declared: { region: "eu" } }))).toContain("another one");
  });
});

test("a stack of which nobody knows where it went goes anywhere", () => {
  expect(refusal(going())).toBe("");
});

describe("the cluster that a stack says it is for", () => {
  test.each([
    [{ address: "https://nomad.prod.example.com:4646" }],
    [{ address: "https://NOMAD.prod.example.com:4646/" }],
    [{ address: "https://*.example.com:*" }],
    [{ region: "eu", consulDatacenter: "eu-1", consulId: "11111111-0000" }],
  ])("%j is this one", (declared) => {
    expect(refusal(going({ declared }))).toBe("");
  });

  test.each([
    [{ address: "https://nomad.example.com:4646" }, /is for the Nomad at https:\/\/nomad.example.com:4646/],
    [{ address: "https://nomadXprod.example.com:4646" }, /is for the Nomad/],
    [{ address: "nomad.prod.example.com" }, /is for the Nomad/],
    [{ region: "us" }, /Nomad's region is "us", and here it is "eu"/],
    [{ consulDatacenter: "eu-2" }, /Consul's datacenter is "eu-2", and here it is "eu-1"/],
    [{ consulId: "other" }, /Consul's cluster id is "other"/],
  ])("%j is another one, whatever else is said", (declared, message) => {
    const all = { isEmbedded: true, isRecorded: true, toNewCluster: true };
    expect(refusal(going({ declared, ...all }))).toMatch(message);
  });

  test("what is not known is not taken for right", () => {
    const { region: _none, ...here } = PROD;
    expect(refusal(going({ here, declared: { region: "eu" } }))).toMatch(/not known here: .*NOMAD_REGION/);
  });
});

describe("one cluster", () => {
  test.each<[string, Partial<ClusterIdentity>]>([
    ["by another name, as over a proxy", { address: "http://localhost:1" }],
    ["whose keys were made anew, at the same address with the same Consul", { keys: ["p2"] }],
    ["that says nothing of itself, at the same address", { keys: [], consulId: undefined }],
  ])("%s", (_what, more) => {
    expect(isSameCluster(PROD, { ...PROD, ...more })).toBe(true);
  });

  test.each<[string, Partial<ClusterIdentity>]>([
    ["another Consul over the same tunnel", { keys: ["x"], consulId: "3" }],
    ["a federated datacenter, whose Consul has the same id", { keys: ["x"], consulDatacenter: "eu-2" }],
    ["other keys, and nothing of Consul", { keys: ["x"], consulId: undefined }],
    ["the same Nomad with the Consul of another machine", { consulId: "3" }],
    ["another path behind the same host", { keys: ["x"], consulId: undefined, address: `${PROD.address}/other` }],
    ["another path, where nothing else is known", { keys: [], consulId: undefined, address: `${PROD.address}/other` }],
    ["a Nomad that shares the Consul, at another address", { keys: ["x"], address: "https://other:4646" }],
  ])("and not: %s", (_what, more) => {
    expect(isSameCluster(PROD, { ...PROD, ...more })).toBe(false);
  });

  test("is told from others by the path of its socket", () => {
    const at = (path: string) => ({ address: `unix://${path}`, keys: [] });
    expect(isSameCluster(at("/run/a.sock"), at("/run/a.sock"))).toBe(true);
    expect(isSameCluster(at("/run/a.sock"), at("/run/b.sock"))).toBe(false);
  });
});

describe("where stacks went", () => {
  const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-last-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = join(folder, ".cdk-nomad/stacks.json");
  const last = { ...DEV, embedded: false };

  test("is kept for each, in a file that is nobody else's and that git ignores", async () => {
    const clusters = new LastClusters(file);
    expect(clusters.of("dev")).toBeUndefined();
    await clusters.keep("dev", last);
    await clusters.keep("prod", { ...PROD, embedded: false });
    expect([clusters.of("dev"), clusters.of("prod")?.keys]).toEqual([last, ["p1"]]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(folder, ".cdk-nomad/.gitignore"), "utf8")).toBe("*\n");
    await clusters.forget("dev");
    expect([clusters.of("dev"), clusters.of("constructor")]).toEqual([undefined, undefined]);
  });

  test("is kept of each where many are written at once, also after one that was killed on its way", async () => {
    const names = Array.from({ length: 20 }, (_, index) => `stack-${index}`);
    mkdirSync(`${file}.lock`);
    await Promise.all(names.map((name) => new LastClusters(file).keep(name, last)));
    const clusters = new LastClusters(file);
    expect(names.filter((name) => clusters.of(name) === undefined)).toEqual([]);
    await Promise.all(names.map((name) => new LastClusters(file).forget(name)));
    expect(names.filter((name) => clusters.of(name) !== undefined)).toEqual([]);
    expect(existsSync(`${file}.lock`)).toBe(false);
  });

  test.each(["", "{", "[]", '{"format":2}', '{"format":1,"stacks":{"dev":{}}}'])("%j counts as none", (text) => {
    writeFileSync(file, text);
    expect(new LastClusters(file).of("dev")).toBeUndefined();
  });
});

describe("who a cluster is", () => {
  const ANSWERS = {
    "GET /.well-known/jwks.json": { body: { keys: [{ kid: "k1" }] } },
    "GET /v1/agent/self": { body: { config: { Region: "eu" }, Config: { Datacenter: "eu-1" } } },
    "GET /v1/connect/ca/roots": { body: { TrustDomain: "33333333-0000.consul" } },
    "GET /v1/catalog/datacenters": { body: ["eu-1"] },
    "GET /v1/regions": { body: ["eu"] },
  };
  const whole = { keys: ["k1"], region: "eu", consulId: "33333333-0000", consulDatacenter: "eu-1" };

  test("is asked of it", async () => {
    await withServer(ANSWERS, async (clients) => {
      expect(await identifyCluster(clients)).toEqual({ address: clients.server.address, ...whole });
    });
  });

  test("a token that may not ask the agents learns as much, where there is one of each", async () => {
    const refused = { status: 403, body: "Permission denied" };
    await withServer({ ...ANSWERS, "GET /v1/agent/self": refused }, async (clients) => {
      expect(await identifyCluster(clients)).toMatchObject(whole);
    });
    const several = { ...ANSWERS, "GET /v1/agent/self": refused, "GET /v1/regions": { body: ["eu", "us"] } };
    await withServer(several, async (clients) => {
      expect((await identifyCluster(clients)).region).toBeUndefined();
    });
  });

  test("a region that is only named in the environment is not known to be the cluster's", async () => {
    await withServer(ANSWERS, async ({ server, ...clients }) => {
      for (const [region, known] of [
        ["eu", "eu"],
        ["us", undefined],
      ] as const) {
        const nomad = new NomadClient(nomadConnection({ NOMAD_ADDR: server.address, NOMAD_REGION: region }));
        expect((await identifyCluster({ ...clients, nomad })).region).toBe(known);
        await nomad.close();
      }
    });
  });

  test("a server without a leader is asked again, and is no cluster of which nothing is known", async () => {
    const leaderless = { status: 500, body: "rpc error: No cluster leader" };
    const jwks = "GET /.well-known/jwks.json";
    await withServer({ ...ANSWERS, [jwks]: [leaderless, ANSWERS[jwks]] }, async (clients) => {
      expect(await identifyCluster(clients)).toMatchObject(whole);
    });
  });

  test("a proxy's page, and what is not there, is nothing known and no error", async () => {
    const page = { headers: { "content-type": "text/html" }, body: "<html>login</html>" };
    await withServer({ "GET /.well-known/jwks.json": page }, async (clients) => {
      expect(await identifyCluster(clients)).toEqual({ address: clients.server.address, keys: [] });
    });
  });
});
