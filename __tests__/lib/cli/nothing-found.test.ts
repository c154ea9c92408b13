import { ReplayServer } from "../../support/replay";
import { cli, environment } from "../../support/run-cli";

// What answers to everything that there is nothing is no server, and nobody learns from it that there is nothing.

const INDEX = { "X-Nomad-Index": "7", "X-Consul-Index": "7" };
const everything = (body: unknown) => {
  const reply = { headers: INDEX, body };
  return Object.fromEntries(
    ["/v1/jobs", "/v1/vars", "/v1/kv/cdk-nomad/stacks/", "/v1/regions", "/v1/catalog/datacenters"].map(
      (path) => [`GET ${path}`, reply] as const,
    ),
  );
};

let server: ReplayServer;
beforeAll(async () => (server = await new ReplayServer().open()));
afterAll(() => server.close());
const run = (...args: readonly string[]) =>
  cli(args, { env: environment({ NOMAD_ADDR: server.address, CONSUL_HTTP_ADDR: server.address }), columns: 400 });

test.each([
  ["null", null],
  ["an empty list", []],
])("%s to every question is not taken for a cluster without stacks, or without pools", async (_, body) => {
  server.reset(everything(body));
  const stacks = await run("ls");
  expect([stacks.code, stacks.stdout]).toEqual([1, expect.stringContaining("is not known")]);
  expect(stacks.stderr).toContain(server.address);
  const pools = await run("pool", "status");
  expect([pools.code, pools.stdout, pools.stderr]).toEqual([1, "", expect.stringContaining(server.address)]);
});

test("a cluster that has nothing says so", async () => {
  server.reset({
    ...everything([]),
    "GET /v1/kv/cdk-nomad/stacks/": { status: 404, headers: INDEX },
    "GET /v1/regions": { body: ["global"] },
    "GET /v1/catalog/datacenters": { body: ["dc1"] },
  });
  expect(await run("ls")).toMatchObject({ code: 0, stdout: expect.stringContaining("no stack has a record here") });
  expect(await run("pool", "status")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("no pool is deployed"),
  });
});
