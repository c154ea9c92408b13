import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect as http2 } from "node:http2";
import * as v from "valibot";
import { apiPath } from "../../lib/nomad";
import { portsAt, regionConsulPortsAt, regionPortsAt } from "../../lib/local";
import { readTokens } from "../../lib/local/access/tokens";
import { callRpc, type Wire } from "../support/agent-rpc";
import { clusterForSuite, TestCluster } from "../support/cluster";
import { Project } from "../support/project";
import { Stranger, whyNoStranger, type Call } from "../support/stranger";
import { until } from "../support/until";
import { VAULT_HERE } from "../support/vault-here";

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

/** Calls a method of gRPC with an empty message. @returns the status that it ended with; "0" where all is well, undefined where it said none */
async function callGrpc(port: number, method: string): Promise<string | undefined> {
  const session = http2(`http://127.0.0.1:${port}`);
  try {
    const headers = { ":method": "POST", ":path": `/${method}`, "content-type": "application/grpc", te: "trailers" };
    const stream = session.request(headers);
    let status: string | undefined;
    const note = (said: Readonly<Record<string, unknown>>) => {
      if (typeof said["grpc-status"] === "string") status = said["grpc-status"];
    };
    stream
      .on("response", note)
      .on("trailers", note)
      .on("error", () => undefined)
      .resume();
    stream.setTimeout(5000, () => stream.close());
    // A message that is not compressed, and has no bytes.
    stream.end(Buffer.alloc(5));
    await once(stream, "close");
    return status;
  } finally {
    session.destroy();
  }
}

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
  const open = new TestCluster({ program: Project.SMALL_JOBS, acl: "open" });
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
  const vault = VAULT_HERE !== undefined;
  const cluster = clusterForSuite({ program: Project.SMALL_JOBS, acl: "closed", regions: REGIONS, vault });

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
        // Everybody may ask a Nomad to join another server, with which it speaks only where that one has its key.
        const join = `${cluster.addresses.NOMAD_ADDR}/v1/agent/join?address=127.0.0.1:${OTHER_PORTS + 2}`;
        expect(await (await fetch(join, { method: "PUT" })).json()).toMatchObject({ num_joined: 0 });
        // As long as the attacker needed who was a voter after fourteen seconds.
        await new Promise((resolve) => setTimeout(resolve, 15_000));
        expect([await nomadsOf(cluster), await consulsOf(cluster)]).toEqual(before);
        expect(stranger.has(tokens)).toBe(false);
      } finally {
        await stranger.remove();
      }
    });

    test("a process of another user is refused at every port, each of forty calls and more", async () => {
      const ports = [
        portsAt(cluster.offset),
        ...REGIONS.map((_, index) => regionPortsAt(cluster.offset, index)),
        regionConsulPortsAt(cluster.offset, 1),
      ].flatMap((each) => Object.entries(each));
      // At ports that speak no HTTP too: gossip, calls between servers, and gRPC.
      const others = [
        ...new Map(ports.filter(([name]) => !name.endsWith("HTTP")).map(([, port]) => [port, port])).keys(),
      ];
      const calls = [
        ...forbiddenCalls(),
        ...others.flatMap((port) => ["/", "/v1/jobs"].map((path) => ({ port, method: "GET", path }))),
      ];
      const stranger = new Stranger();
      try {
        const { user, statuses } = await stranger.ask(calls);
        const answered = calls.filter((_, at) => (statuses[at] ?? 500) < 400);
        expect([user, statuses.length, answered]).toEqual([65534, calls.length, []]);
        expect(calls.length).toBeGreaterThanOrEqual(40);
        // The HTTP ports are asked, and refuse by themselves: a port where nobody is says nothing about anybody.
        const refused = forbiddenCalls().map((_, at) => statuses[at]);
        expect(refused.filter((status) => typeof status !== "number")).toEqual([]);
        console.log(
          `${calls.length} calls of another user's process at ${new Set(calls.map(({ port }) => port)).size} ports: all refused`,
        );
      } finally {
        await stranger.remove();
      }
    });
  });

  /** What nobody may do without a token, at every port of the cluster that speaks HTTP. */
  function forbiddenCalls(): readonly Call[] {
    const job = JSON.stringify({ Job: { ID: "intruder", Type: "batch", TaskGroups: [] } });
    const nomads = REGIONS.map((_, index) => regionPortsAt(cluster.offset, index)["Nomad HTTP"]);
    const consuls = [portsAt(cluster.offset), regionConsulPortsAt(cluster.offset, 1)].map(
      (each) => each["Consul HTTP"],
    );
    const calls: readonly (readonly [port: number, method: string, path: string, body?: string])[] = [
      ...nomads.flatMap((port) =>
        [
          ["POST", "/v1/jobs", job],
          ["GET", "/v1/nodes"],
          ["GET", "/v1/agent/self"],
          ["GET", "/v1/agent/pprof/heap"],
          ["GET", "/debug/pprof/"],
          ["GET", "/debug/pprof/heap"],
          ["GET", "/debug/pprof/goroutine?debug=2"],
          ["GET", "/debug/pprof/profile?seconds=1"],
          ["GET", "/v1/operator/snapshot"],
          ["GET", "/v1/operator/keyring/keys"],
          ["POST", "/v1/acl/bootstrap", JSON.stringify({ BootstrapSecret: randomUUID() })],
        ].map((call) => [port, ...call] as const),
      ),
      ...consuls.flatMap((port) =>
        [
          ["GET", "/v1/agent/self"],
          ["PUT", "/v1/agent/join/127.0.0.1"],
          ["PUT", "/v1/agent/service/register", '{"Name":"intruder"}'],
          ["PUT", "/v1/kv/intruder", "here"],
          ["GET", "/v1/snapshot"],
          ["GET", "/v1/operator/keyring"],
          ["GET", "/debug/pprof/heap"],
        ].map((call) => [port, ...call] as const),
      ),
      ...(vault
        ? ["secret/data/prism/admin", "sys/mounts", "sys/raw/core", "sys/storage/raft/snapshot", "sys/metrics"].map(
            (path) => [portsAt(cluster.offset)["Vault HTTP"], "GET", `/v1/${path}`] as const,
          )
        : []),
    ] as never;
    return calls.map(([port, method, path, body]) => ({ port, method, path, ...(body === undefined ? {} : { body }) }));
  }

  test("no region and no agent does anything by HTTP for whoever has no token", async () => {
    const calls = forbiddenCalls();
    const answered: string[] = [];
    for (const { port, method, path, body } of calls) {
      const { ok, status } = await fetch(`http://127.0.0.1:${port}${path}`, { method, body });
      if (ok) answered.push(`${port} ${method} ${path}: ${status}`);
    }
    expect([calls.length >= 30, answered]).toEqual([true, []]);
  });

  test("Consul's gRPC port, where proxies of the mesh are told what they are, tells strangers nothing", async () => {
    const told: string[] = [];
    for (const method of [
      "hashicorp.consul.serverdiscovery.ServerDiscoveryService/WatchServers",
      "hashicorp.consul.dataplane.DataplaneService/GetSupportedDataplaneFeatures",
      "hashicorp.consul.dataplane.DataplaneService/GetEnvoyBootstrapParams",
      "hashicorp.consul.connectca.ConnectCAService/WatchRoots",
      "hashicorp.consul.connectca.ConnectCAService/Sign",
      "hashicorp.consul.internal.peering.PeeringService/GenerateToken",
      "hashicorp.consul.internal.operator.OperatorService/TransferLeader",
      "hashicorp.consul.resource.ResourceService/List",
      "hashicorp.consul.acl.ACLService/Login",
      "envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources",
    ]) {
      const status = await callGrpc(portsAt(cluster.offset)["Consul gRPC"], method);
      if (status === undefined || status === "0") told.push(`${method}: ${status}`);
    }
    expect(told).toEqual([]);
  });

  test("regions still work as one", async () => {
    for (const Region of REGIONS) expect(await cluster.nomad.where({ Region }).jobs()).toEqual([]);
    expect(await nomadsOf(cluster)).toEqual(["local-us-east.us-east", "local.us-west"]);
    const { folder } = cluster.project.cluster;
    expect(JSON.parse(readFileSync(`${folder}/cluster.json`, "utf8"))).toMatchObject({ tls: true });
  });
});
