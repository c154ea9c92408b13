import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { cacheFolder, getBinary, SILENT } from "../../lib/local";
import { blocksOf, commandsOf, shapeOf } from "../support/documents";
import { clusterForSuite } from "../support/cluster";
import { until } from "../support/until";

/** The blocks of the README that work on the embedded cluster, run as they are written, one after another. */
const ROOT = join(__dirname, "../..");
const cluster = clusterForSuite();
const { project } = cluster;
const readme = blocksOf("README.md");
const block = (part: string) => {
  const found = readme.find(({ text }) => text.includes(part));
  if (!found) throw new Error(`the README has no block with ${part}`);
  return found;
};

/** Runs a line in the project, as somebody would whose shell was pointed at the cluster with cdk-nomad env. */
async function shell(line: string): Promise<{ readonly code: number; readonly output: string }> {
  const { path } = await getBinary("nomad", { cache: cacheFolder(), env: process.env, progress: SILENT });
  const env = {
    ...process.env,
    ...cluster.addresses,
    CDK_NOMAD_PORT_OFFSET: String(cluster.offset),
    NO_COLOR: "1",
    PATH: `${dirname(path)}${delimiter}${process.env.PATH}`,
  };
  return new Promise((resolve) => {
    execFile("sh", ["-c", line], { cwd: project.folder, env }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === "number" ? error.code : error ? 1 : 0, output: stdout + stderr }),
    );
  });
}

beforeAll(() => {
  // As npm ci would leave it in the project of somebody who uses the package.
  mkdirSync(join(project.folder, "node_modules/.bin"), { recursive: true });
  symlinkSync(join(ROOT, "bin/cdk-nomad.js"), join(project.folder, "node_modules/.bin/cdk-nomad"));
});

test("npm start's output is what the README shows", async () => {
  const said = await project.run(["start", "--port-offset", String(cluster.offset)]);
  expect(said.code).toBe(0);
  const wrong = block("✓ prism-stack version")
    .text.split("\n")
    .filter((line) => line.trim() !== "" && !shapeOf(line).test(said.stdout + said.stderr));
  expect(wrong).toEqual([]);
});

test("the dispatch of a runtime runs its command with what came in", async () => {
  const [line = ""] = commandsOf(block("nomad job dispatch"));
  const said = await shell(line);
  expect([said.code, said.output]).toEqual([0, expect.stringContaining("Dispatched Job ID")]);
  const id = /Dispatched Job ID\s*=\s*(\S+)/.exec(said.output)?.[1] ?? "";
  await until("its end", async () => (await cluster.nomad.allocations(id))[0]?.ClientStatus === "complete");
  expect((await project.run(["logs", "runtime", "--job", id])).stdout).toBe("hello\n");
});

test("jobs that exist are imported, judged and rendered", async () => {
  const hcl =
    'job "web" {\n  group "web" {\n    task "server" {\n      driver = "raw_exec"\n      config {\n        command = "/bin/sleep"\n        args    = ["3600"]\n      }\n      resources {\n        memory = 16\n      }\n    }\n  }\n}\n';
  writeFileSync(join(project.folder, "web.nomad.hcl"), hcl);
  expect((await shell("nomad job run -detach web.nomad.hcl")).code).toBe(0);
  for (const line of commandsOf(block("npx cdk-nomad import web.nomad.hcl")))
    expect([line, await shell(line)]).toEqual([line, expect.objectContaining({ code: 0 })]);
  expect(readFileSync(join(project.folder, "jobs/web.ts"), "utf8")).toContain("new Job({");
});

test("a problem of a file is shown as the README shows it", async () => {
  const sample = block("no network of the group has a port");
  // The port of the service is on line 24.
  const empty = "\n".repeat(16);
  const hcl = `job "web" {
  group "web" {
    task "server" {
      driver = "raw_exec"
      config {
        command = "/bin/true"${empty}
      }
      service {
        port = "htpp"
        name = "web"
      }
    }
    network {
      port "http" {}
    }
  }
}
`;
  writeFileSync(join(project.folder, "web.nomad.hcl"), hcl);
  const said = await shell("npx cdk-nomad validate web.nomad.hcl");
  expect(said.code).toBe(1);
  const wrong = sample.text.split("\n").filter((line) => line.trim() !== "" && !shapeOf(line).test(said.output));
  expect([wrong, said.output]).toEqual([[], said.output]);
});
