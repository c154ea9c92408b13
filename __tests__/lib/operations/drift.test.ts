import { ConsulClient, consulConnection, NomadClient, nomadConnection } from "../../../lib/nomad";
import { waysOut } from "../../../lib/cli/drift-words";
import { findDrift, fixDrift, wayOutOf, type StackObject } from "../../../lib/operations";
import { Masking } from "../../../lib/masking";
import { apiAllocation, plannedCount } from "../../support/plan-answers";
import { ReplayServer } from "../../support/replay";
import { wantedOf, withServer } from "../../support/replayed-clients";

/** Two keys that Consul lacks. */
const keys: StackObject = { kind: "keys", path: "lab/keys", prefix: "shop/", values: { a: "1", b: "2" }, after: [] };
const contents = {
  objects: [keys],
  terraformOnly: [],
  declared: { owner: "cdk-nomad" as const },
  sensitive: [],
  reached: [],
};

test("a count is not put right where Nomad would stop what runs in the place of what failed", async () => {
  const job = { ID: "web", TaskGroups: [{ Name: "api", Count: 1 }] };
  const answers = (other: string) => ({
    ...plannedCount({ from: 2, to: 1, updates: { Ignore: 1, Stop: 1 } }),
    "GET /v1/job/web/allocations": { body: [apiAllocation("1", "running"), apiAllocation("2", other)] },
    "GET /v1/job/web/versions": { body: { Versions: [{ ...job, Version: 1, JobModifyIndex: 10 }], Diffs: null } },
    "PUT /v1/jobs": { body: { EvalID: "1", JobModifyIndex: 11, Warnings: "" } },
  });
  for (const [other, fixed] of [
    ["failed", false],
    ["running", true],
  ] as const)
    await withServer(answers(other), async ({ nomad, consul, server }) => {
      const clients = { nomad, consul, masking: new Masking() };
      const scaled = { ...contents, objects: [wantedOf(job)] };
      const found = await findDrift("lab", scaled, clients);
      const warnings = found.jobs.flatMap(({ plan }) => plan.warnings);
      expect(warnings.some((text) => text.includes("it stops 1 in their place that runs"))).toBe(!fixed);
      // What is advised is what works.
      expect(found.drift.jobs.map(wayOutOf)).toEqual([fixed ? "fix" : "in-place"]);
      const advised = fixed ? /cdk-nomad drift lab --fix$/ : /^web: allocations failed.*cdk-nomad deploy lab --force$/;
      expect(waysOut(found.drift)).toEqual([expect.stringMatching(advised)]);
      expect(await fixDrift(found, scaled, clients)).toEqual([expect.objectContaining({ name: "web", fixed })]);
      expect(server.count("PUT /v1/jobs")).toBe(fixed ? 1 : 0);
    });
});

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
