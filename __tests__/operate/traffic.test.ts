import { join } from "node:path";
import * as v from "valibot";
import { apiPath } from "../../lib/nomad";
import { byName } from "../../lib/reading";
import { clusterForSuite } from "../support/cluster";
import { blocksOf, commandsOf } from "../support/documents";
import { findEnvoy } from "../support/envoy";
import { Mesh } from "../support/mesh";
import type { SmallJob } from "./programs/small-jobs";
import { flat, Project } from "../support/project";
import { until } from "../support/until";

const cluster = clusterForSuite({ program: Project.SMALL_JOBS });
const { project } = cluster;

afterEach(() => cluster.purge());

function release(number: number, more: Partial<SmallJob> = {}): void {
  const web: SmallJob = { id: "web", count: 3, canary: 1, split: true, env: { RELEASE: String(number) }, ...more };
  project.change({ jobs: [web] });
}

const chainOf = v.object({
  Chain: v.object({
    StartNode: v.string(),
    Nodes: byName(
      v.object({
        Type: v.string(),
        Splits: v.nullish(v.array(v.object({ Weight: v.number(), NextNode: v.string() })), []),
        Resolver: v.nullish(v.object({ Target: v.string() })),
      }),
    ),
  }),
});

/** How Consul itself says that requests are shared out: percents by subset. */
async function shares(service: string): Promise<Readonly<Record<string, number>>> {
  const { Chain: chain } = await cluster.consul.http.get(apiPath`/v1/discovery-chain/${service}`, chainOf);
  const start = chain.Nodes[chain.StartNode];
  const subset = (node: string) => chain.Nodes[node]?.Resolver?.Target.split(".")[0] ?? "";
  if (start?.Type !== "splitter") return { [subset(chain.StartNode)]: 100 };
  return Object.fromEntries(start.Splits.map(({ Weight, NextNode }) => [subset(NextNode), Weight]));
}

test("canaries get the part of the requests that somebody gives them, and promoting ends that: the lines of the document", async () => {
  const block = blocksOf("docs/operating.md").find(({ text }) => text.includes("--canary-weight"));
  const [first = "", then = "", last = ""] = block ? commandsOf(block) : [];
  const run = (line: string) => project.run(line.replace("npx cdk-nomad ", "").split(" "));
  const weightOf = (line: string) => Number(/--canary-weight (\d+)/.exec(line)?.[1]);
  const [some, more] = [weightOf(first), weightOf(then)];
  release(1);
  expect((await project.run(["deploy", "dev"])).code).toBe(0);
  expect(await shares("web")).toEqual({ stable: 100 });

  release(2);
  const said = await run(first);
  expect([said.code, flat(said)]).toEqual([
    3,
    expect.stringContaining(`${some} % of the requests of web go to its canaries`),
  ]);
  expect(await shares("web")).toEqual({ stable: 100 - some, canary: some });
  // What splits the requests is no drift: nobody took anything of the program's away.
  expect((await project.run(["drift", "dev"])).code).toBe(0);

  expect((await run(then)).code).toBe(3);
  expect(await shares("web")).toEqual({ stable: 100 - more, canary: more });

  const promoted = await run(last);
  expect([promoted.code, flat(promoted)]).toEqual([
    0,
    expect.stringContaining("no request of web goes to canaries any more"),
  ]);
  expect(await shares("web")).toEqual({ stable: 100 });
});

const envoy = findEnvoy();
if (!envoy)
  console.log("skipped: requests through a real Envoy; there is none on PATH, nor one that CDK_NOMAD_ENVOY names");
const withEnvoy = envoy ? test : test.skip;
withEnvoy("real requests through a real Envoy are shared out as they should be", async () => {
  const script = `exec node -e 'require("http").createServer((_, response) => response.end(process.env.RELEASE)).listen(Number(process.env.NOMAD_PORT_http), "127.0.0.1")'`;
  release(1, { script, count: 2, memory: 64 });
  expect((await project.run(["deploy", "dev"])).code).toBe(0);
  release(2, { script, count: 2, memory: 64 });
  expect((await project.run(["deploy", "dev", "--canary-weight", "30"])).code).toBe(3);
  const mesh = new Mesh(
    cluster.consul,
    cluster.environment,
    `127.0.0.1:${8502 + cluster.offset}`,
    envoy ?? "",
    project.folder,
  );
  const port = cluster.port(0);
  try {
    await mesh.serve("web", cluster.port(10));
    await mesh.call("web", port);
    const ask = async () => (await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(2000) })).text();
    await until(`an answer through the mesh (${join(project.folder, "envoy.log")})`, async () =>
      /^[12]$/.test(await ask().catch(() => "")),
    );
    const answers: string[] = [];
    for (let asked = 0; asked < 300; asked += 1) answers.push(await ask());
    const canary = answers.filter((answer) => answer === "2").length;
    expect(answers.filter((answer) => answer === "1").length + canary).toBe(300);
    // 30 % of 300, five standard deviations around.
    expect(canary).toBeGreaterThan(50);
    expect(canary).toBeLessThan(130);
    expect((await project.run(["promote", "dev", "--canary-weight", "0"])).code).toBe(3);
    await until("requests to the stable allocations alone", async () =>
      (await Promise.all(Array.from({ length: 20 }, ask))).every((answer) => answer === "1"),
    );
  } finally {
    await mesh.close();
  }
});

test("failing the deployment gives all requests back to the stable ones", async () => {
  release(1);
  expect((await project.run(["deploy", "dev"])).code).toBe(0);
  release(2);
  expect((await project.run(["deploy", "dev", "--canary-weight", "50%"])).code).toBe(3);
  expect((await project.run(["fail", "dev"])).code).toBe(0);
  expect(await shares("web")).toEqual({ stable: 100 });
});

test("a weight that is none, and a job whose requests nobody can split", async () => {
  release(1, { split: false });
  const wrong = await project.run(["deploy", "dev", "--canary-weight", "120"]);
  expect([wrong.code, flat(wrong)]).toEqual([1, expect.stringContaining('"120" is no percentage; write 0 to 100')]);
  const none = await project.run(["deploy", "dev", "--canary-weight", "20"]);
  expect([none.code, flat(none)]).toEqual([
    1,
    expect.stringContaining("write a ServiceResolver with the subsets stable and canary"),
  ]);
  expect(await cluster.nomad.job("web")).toBeUndefined();
});
