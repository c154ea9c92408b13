import { ConsulClient, consulConnection, isTokenRefused, NomadClient, nomadConnection } from "../../../../lib/nomad";
import { listStacks, readRecord } from "../../../../lib/operations";
import { ReplayServer, type Answers } from "../../../support/replay";

// What Consul 1.20.1 and Nomad 1.11.3 answer to whoever may read nothing: lists are filtered to nothing, and single objects are refused.
const INDEX = { "x-consul-index": "21", "x-nomad-index": "10" };
const DENIED = { status: 403, body: "Permission denied: anonymous token lacks permission 'key:read'" };
const BLIND = {
  consul: {
    "GET /v1/kv/cdk-nomad/stacks/?recurse=true": { status: 404, headers: INDEX },
    "GET /v1/kv/cdk-nomad/stacks/?keys=true": { status: 404, headers: INDEX },
    "GET /v1/kv/cdk-nomad/stacks/": DENIED,
    "GET /v1/kv/cdk-nomad/stacks/shop/dev?recurse=true": { status: 404, headers: INDEX },
    "GET /v1/kv/cdk-nomad/stacks/shop/dev": DENIED,
  },
  nomad: {
    "GET /v1/vars": { body: [], headers: INDEX },
    "GET /v1/var/cdk-nomad/stacks/~": { status: 403, body: "Permission denied" },
    "GET /v1/var/cdk-nomad/stacks/shop/dev": { status: 403, body: "Permission denied" },
  },
} satisfies Record<string, Answers>;
const place = { project: "shop", environment: "dev", store: "consul" as const };

let servers: { readonly nomad: ReplayServer; readonly consul: ReplayServer };
let clients: { readonly nomad: NomadClient; readonly consul: ConsulClient };

async function serve(nomad: Answers, consul: Answers, env: Record<string, string> = {}): Promise<void> {
  servers = { nomad: await new ReplayServer(nomad).open(), consul: await new ReplayServer(consul).open() };
  clients = {
    nomad: new NomadClient(nomadConnection({ NOMAD_ADDR: servers.nomad.address, ...env })),
    consul: new ConsulClient(consulConnection({ CONSUL_HTTP_ADDR: servers.consul.address, ...env })),
  };
}

afterEach(async () => {
  await Promise.all([...Object.values(clients), ...Object.values(servers)].map((each) => each.close()));
});

/** The names of what throws as a refused token does, which is not "there is none". */
async function refused(asks: Readonly<Record<string, () => Promise<unknown>>>): Promise<readonly string[]> {
  const names: string[] = [];
  for (const [name, ask] of Object.entries(asks))
    await ask().catch((error: unknown) => isTokenRefused(error) && names.push(name));
  return names;
}

test("a list of which nothing is shown is not empty", async () => {
  await serve(BLIND.nomad, BLIND.consul);
  const { nomad, consul } = clients;
  const prefix = "cdk-nomad/stacks/";
  const asks = {
    keys: () => consul.keys(prefix),
    values: () => consul.values(prefix),
    entries: () => consul.watchEntries(prefix, { seconds: 0 }),
    variables: () => nomad.watchVariables(prefix, { seconds: 0 }),
  };
  expect(await refused(asks)).toEqual(Object.keys(asks));
});

test("what may be read and is empty is empty", async () => {
  await serve({ "GET /v1/vars": { body: [], headers: INDEX } }, {});
  const { nomad, consul } = clients;
  expect(await consul.keys("shop/")).toEqual([]);
  expect((await consul.values("shop/")).size).toBe(0);
  expect((await consul.watchEntries("shop/", { seconds: 0 })).value).toEqual([]);
  expect((await nomad.watchVariables("shop/", { seconds: 0 })).value).toEqual([]);
});

test("no stack is said to have no record where none is shown, and which token is missing is said", async () => {
  await serve(BLIND.nomad, BLIND.consul);
  const { stacks, unread } = await listStacks(clients);
  expect(stacks).toEqual([]);
  expect(unread).toHaveLength(2);
  expect(unread.join("\n")).toMatch(/Consul wants a token.*CONSUL_HTTP_TOKEN[^]*Nomad wants a token.*NOMAD_TOKEN/);
  for (const store of ["consul", "nomad"] as const)
    expect(await readRecord({ ...place, store }, clients)).toMatchObject({ kind: "unreadable" });
});

test("a part of a list is not all of it, where nobody says that some is left out", async () => {
  const stub = { Path: "cdk-nomad/stacks/shop/staging", CreateIndex: 1, ModifyIndex: 1 };
  await serve(
    { ...BLIND.nomad, "GET /v1/vars": { body: [stub], headers: INDEX } },
    {
      ...BLIND.consul,
      "GET /v1/kv/cdk-nomad/stacks/?recurse=true": {
        body: [{ Key: "cdk-nomad/stacks/shop/staging", Value: "", ModifyIndex: 1 }],
        headers: INDEX,
      },
    },
  );
  expect((await listStacks(clients)).unread).toHaveLength(2);
});

describe("of the two stores one", () => {
  test.each(["consul", "nomad"] as const)(
    "%s has no record, and the other shows none: nothing is known",
    async (store) => {
      await serve(store === "consul" ? BLIND.nomad : {}, store === "nomad" ? BLIND.consul : {});
      const other = store === "consul" ? "Nomad" : "Consul";
      expect(await readRecord({ ...place, store }, clients)).toMatchObject({
        kind: "unreadable",
        elsewhere: true,
        reason: expect.stringContaining(`${other} wants a token`) as string,
      });
    },
  );
});
