import { ConsulClient, consulConnection, NomadClient, nomadConnection } from "../../../lib/nomad";
import { findDrift, fixDrift, type Wanted } from "../../../lib/operations";
import { Masking } from "../../../lib/masking";
import { ReplayServer } from "../../support/replay";

/** Two keys that Consul lacks. */
const keys: Wanted = { kind: "keys", path: "lab/keys", prefix: "shop/", values: { a: "1", b: "2" }, after: [] };
const contents = {
  wanted: [keys],
  terraformOnly: [],
  declared: { owner: "cdk-nomad" as const },
  sensitive: [],
  reached: [],
};

test("drift is put right until somebody interrupts that, and nothing is written then", async () => {
  const stop = new AbortController();
  const server = await new ReplayServer({
    "GET /v1/kv/shop/": { status: 404, headers: { "x-consul-index": "1" } },
    "PUT /v1/kv/shop/a": () => {
      stop.abort(new Error("interrupted"));
      return { body: true };
    },
    "PUT /v1/kv/shop/b": { body: true },
  }).open();
  const nomad = new NomadClient(nomadConnection({ NOMAD_ADDR: server.address }));
  const consul = new ConsulClient(consulConnection({ CONSUL_HTTP_ADDR: server.address }));
  const clients = { nomad, consul, masking: new Masking(), signal: stop.signal };
  try {
    const found = await findDrift("lab", contents, clients);
    expect(found.consul.map(({ name, change }) => [name, change])).toEqual([
      ["shop/a", "create"],
      ["shop/b", "create"],
    ]);
    await expect(fixDrift(found, contents, clients)).rejects.toThrow("interrupted");
    expect(server.asked.filter(({ method }) => method === "PUT").map(({ path }) => path)).toEqual(["/v1/kv/shop/a"]);
  } finally {
    await Promise.all([nomad.close(), consul.close()]);
    await server.close();
  }
});
