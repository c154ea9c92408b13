import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import * as v from "valibot";
import { apiPath } from "../../lib/nomad";
import { portsAt, regionPortsAt } from "../../lib/local";
import { readTokens } from "../../lib/local/tokens";
import { callRpc, type Wire } from "../support/agent-rpc";
import { clusterForSuite, TestCluster } from "../support/cluster";
import { Project } from "../support/project";
import { Stranger, whyNoStranger } from "../support/stranger";
import { until } from "../support/until";

// Every port of a closed cluster but those that ask for tokens, as any other user of the machine finds it.

const REGIONS = ["us-west", "us-east"];
const why = whyNoStranger();
if (why !== undefined) console.log(`skipped: servers of another user that join the cluster; ${why}`);
const describeWithStranger = why === undefined ? describe : describe.skip;

const members = v.object({ Members: v.array(v.object({ Name: v.string() })) });

/** The Nomad servers that a cluster knows. */
async function nomadsOf(cluster: TestCluster): Promise<readonly string[]> {
  const { Members } = await cluster.nomad.http.get(apiPath`/v1/agent/members`, members);
  return Members.map(({ Name }) => Name).sort();
}

/** The Consul agents that a cluster knows. */
async function consulsOf(cluster: TestCluster): Promise<readonly string[]> {
  const known = await cluster.consul.http.get(apiPath`/v1/agent/members`, v.array(v.object({ Name: v.string() })));
  return known.map(({ Name }) => Name).sort();
}

/** The first of the ports that servers of another user listen on. */
const OTHER_PORTS = 19_000;

/** Has another user's servers join Nomad's and Consul's; they keep trying. It waits until each has. */
async function joinAsServers(stranger: Stranger, cluster: TestCluster, region: string): Promise<void> {
  const ports = portsAt(cluster.offset);
  const loopback = "127.0.0.1";
  const nomad = await stranger.agent("nomad", "nomad-server", (data) => ({
    name: "stranger",
    region,
    data_dir: data,
    bind_addr: loopback,
    ports: { http: OTHER_PORTS, rpc: OTHER_PORTS + 1, serf: OTHER_PORTS + 2 },
    advertise: { http: loopback, rpc: loopback, serf: loopback },
    server: {
      enabled: true,
      server_join: { retry_join: [`${loopback}:${ports["Nomad Serf"]}`], retry_interval: "1s" },
    },
    acl: { enabled: true },
    consul: { auto_advertise: false, client_auto_join: false, server_auto_join: false, address: `${loopback}:1` },
  }));
  const consul = await stranger.agent("consul", "consul-server", (data) => ({
    node_name: "stranger",
    server: true,
    data_dir: data,
    bind_addr: loopback,
    client_addr: loopback,
    ports: {
      http: -1,
      grpc: -1,
      grpc_tls: -1,
      dns: -1,
      server: OTHER_PORTS + 3,
      serf_lan: OTHER_PORTS + 4,
      serf_wan: -1,
    },
    retry_join: [`${loopback}:${ports["Consul Serf"]}`],
    retry_interval: "1s",
  }));
  await until("what a Nomad of somebody else tried", () => /retry join|joined|join/i.test(nomad()));
  await until("what a Consul of somebody else tried", () => /join cluster|joined|agent join/i.test(consul()));
}

// So that it is known that these calls are calls.
test("of an open cluster, its servers answer everybody and take everybody in", async () => {
  const open = new TestCluster({ program: Project.SMALL_JOBS, access: "open" });
  const stranger = new Stranger();
  try {
    await open.start();
    const ports = portsAt(open.offset);
    const body = { Region: "global", AuthToken: "" };
    const leader = await callRpc("nomad", ports["Nomad RPC"], { method: "Status.Leader", body });
    expect(leader).toMatchObject({
      answered: true,
      text: expect.stringContaining(String(ports["Nomad RPC"])) as string,
    });
    const consul = await callRpc("consul", ports["Consul server"], { method: "Status.Leader", body: {} });
    expect(consul).toMatchObject({ answered: true });
    if (why !== undefined) return;
    await joinAsServers(stranger, open, "global");
    await until("a server of somebody else", async () => (await nomadsOf(open)).includes("stranger.global"));
    await until("a Consul of somebody else", async () => (await consulsOf(open)).includes("stranger"));
  } finally {
    await stranger.remove();
    await open.end();
  }
});

describe("a closed cluster of two regions", () => {
  const cluster = clusterForSuite({ program: Project.SMALL_JOBS, access: "closed", regions: REGIONS });

  const keyOf = async () => {
    const answer = await fetch(`${cluster.addresses.NOMAD_ADDR}/.well-known/jwks.json`);
    return ((await answer.json()) as { keys: { kid: string }[] }).keys[0]?.kid ?? "";
  };

  test("no server answers whoever is none, in the clear and by TLS without a certificate", async () => {
    const kid = await keyOf();
    expect(kid).not.toBe("");
    const region = (Region: string) => ({ Region, AuthToken: "" });
    const nomadCalls = REGIONS.flatMap((each, index) =>
      (
        [
          ["Status.Leader", {}],
          ["Status.Members", {}],
          ["ACL.Bootstrap", { BootstrapSecret: randomUUID(), ResetIndex: 0 }],
          ["Keyring.Get", { KeyID: kid }],
          ["Keyring.ListPublic", {}],
          ["Job.List", { Prefix: "" }],
          ["Node.Register", {}],
        ] as const
      ).map(([method, more]) => ({
        program: "nomad" as const,
        port: regionPortsAt(cluster.offset, index)["Nomad RPC"],
        method,
        body: { ...region(each), ...more },
      })),
    );
    const consulCalls = ["Status.Leader", "Status.Peers", "Catalog.ListNodes", "ACL.BootstrapTokens"].map((method) => ({
      program: "consul" as const,
      port: portsAt(cluster.offset)["Consul server"],
      method,
      body: { Datacenter: "dc1" },
    }));
    const answered: string[] = [];
    let asked = 0;
    for (const wire of ["plain", "tls"] satisfies Wire[])
      for (const { program, port, ...call } of [...nomadCalls, ...consulCalls]) {
        asked += 1;
        const said = await callRpc(program, port, { ...call, wire });
        if (said.answered || said.text.length > 0) answered.push(`${program} ${call.method} ${wire}: ${said.text}`);
      }
    expect([asked, answered]).toEqual([36, []]);
  });

  describeWithStranger("and another user", () => {
    test("a server of another user joins neither Nomad nor Consul, and is told nothing", async () => {
      const tokens = Object.values(readTokens(cluster.project.cluster.folder) ?? {});
      expect(tokens.length).toBe(5);
      const before = [await nomadsOf(cluster), await consulsOf(cluster)];
      const stranger = new Stranger();
      try {
        await joinAsServers(stranger, cluster, "us-west");
        // As long as the attacker needed who was a voter after fourteen seconds.
        await new Promise((resolve) => setTimeout(resolve, 15_000));
        expect([await nomadsOf(cluster), await consulsOf(cluster)]).toEqual(before);
        expect(stranger.has(tokens)).toBe(false);
      } finally {
        await stranger.remove();
      }
    });
  });

  test("regions still work as one", async () => {
    for (const Region of REGIONS) expect(await cluster.nomad.where({ Region }).jobs()).toEqual([]);
    expect(await nomadsOf(cluster)).toEqual(["local-us-east.us-east", "local.us-west"]);
    const { folder } = cluster.project.cluster;
    expect(JSON.parse(readFileSync(`${folder}/cluster.json`, "utf8"))).toMatchObject({ tls: true });
  });
});
