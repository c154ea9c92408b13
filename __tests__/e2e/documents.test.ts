import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { binaryHere } from "../support/binaries";
import { blocksOf, commandsOf, shapeOf } from "../support/documents";
import { consulConnection, nomadConnection } from "../../lib/nomad";
import { clusterForSuite } from "../support/cluster";
import { until } from "../support/until";

/** The blocks of shell of the README, run as they are written, one after another: where they name another cluster, on this one. */
const ROOT = join(__dirname, "../..");
const cluster = clusterForSuite({ program: join(ROOT, "__tests__/operate/programs/environments.ts") });
const { project } = cluster;
const readme = blocksOf("README.md");
const block = (part: string) => {
  const found = readme.find(({ text }) => text.includes(part));
  if (!found) throw new Error(`the README has no block with ${part}`);
  return found;
};

/** What is not run here, and why. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  "npm ci": "whoever runs these tests has run it, and it would take the modules away from under them",
  "npm run images": "wants a Docker: __tests__/operate/docker.test.ts runs it where there is one",
  "npx cdktf deploy staging":
    "wants the providers, and somebody who says yes: __tests__/operate/terraform.test.ts runs it for dev where they are",
  ...Object.fromEntries(
    [
      "npm pack ../cdk-nomad",
      "npm init --yes",
      "npm install ./cdk-nomad-*.tgz",
      "npm install --save-dev tsx typescript",
    ].map((line) => [line, "makes a folder of one's own: __tests__/install/own-folder.test.ts runs it there"]),
  ),
};
/** Lines of the README that were run. */
const run = new Set<string>();

/** Runs a line in the project, as somebody would whose shell was pointed at the cluster with cdk-nomad env. */
async function shell(written: string, line = written): Promise<{ readonly code: number; readonly output: string }> {
  const { path } = await binaryHere("nomad");
  run.add(written);
  const env = {
    ...process.env,
    ...cluster.environment,
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
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: { start: string } };
  const start = scripts.start.replace("node bin/cdk-nomad.js", "cdk-nomad");
  writeFileSync(join(project.folder, "package.json"), JSON.stringify({ scripts: { start } }));
});

test("npm start's output is what the README shows", async () => {
  // The cluster runs already, on ports of its own.
  const said = await shell("npm start");
  const { text } = block("✓ prism-stack version");
  const wrong = text.split("\n").filter((line) => line.trim() !== "" && !shapeOf(line).test(said.output));
  const services = said.output.split("\n").filter((line) => / passing /.test(line));
  const missing = services.filter((line) => !shapeOf(line).test(text));
  expect([said.code, wrong, missing, services.length]).toEqual([0, [], [], 9]);
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

test("Prism's own programs are run where PRISM_BIN_DIR names their folder", async () => {
  const folder = join(project.folder, "binaries");
  mkdirSync(folder);
  // Programs of that folder, which take Prism's flags and are no stand-ins to whoever starts them.
  const names = { admin: "prism-admin", launcher: "pattern-launcher", keyvalue: "keyvalue-runner" };
  const node = `exec '${process.execPath}' --import 'file://${require.resolve("tsx")}'`;
  for (const [name, program] of Object.entries(names))
    writeFileSync(
      join(folder, program),
      `#!/bin/sh\n${node} '${ROOT}/lib/workloads/prism/stand-ins/${name}.ts' "$@"\n`,
      { mode: 0o755 },
    );
  const [line = ""] = commandsOf(block("PRISM_BIN_DIR"));
  const said = await shell(line, line.replace("/path/to/binaries", folder));
  expect([said.code, said.output]).toEqual([0, expect.stringMatching(/prism-stack version \d+ is healthy/)]);
  for (const program of Object.values(names)) {
    expect(said.output).toMatch(new RegExp(`^${program} +\\S+ +passing`, "m"));
    expect(said.output).not.toMatch(new RegExp(`^${program} .*stand-in`, "m"));
  }
  expect(said.output).toMatch(/^prism-admin +\S+ +passing +tcp/m);
});

test("the variables of another cluster are the ones that are read", async () => {
  const [line = ""] = commandsOf(block("export NOMAD_ADDR"));
  const { output } = await shell(line, `${line}\nenv`);
  const env = Object.fromEntries(output.split("\n").map((each) => each.split("=", 2) as [string, string]));
  expect(nomadConnection(env)).toMatchObject({ address: "https://nomad.example.com:4646", token: { value: "…" } });
  expect(consulConnection(env)).toMatchObject({ address: "https://consul.example.com", token: { value: "…" } });
});

test("on a cluster that the variables name: deployed, then promoted, taken back, restarted, and put right", async () => {
  project.change({ stagingInProcesses: true });
  // It is one cluster here, and the jobs of both have the same ids: dev's are not staging's to take.
  expect(await project.run(["destroy", "dev", "--yes"])).toMatchObject({ code: 0 });
  const [, deploy = ""] = commandsOf(block("export NOMAD_ADDR"));
  expect([deploy, await shell(deploy)]).toEqual([deploy, expect.objectContaining({ code: 0 })]);
  // Each with its exit code: something changes; a canary waits; what was taken back is not brought again, and said to be so.
  project.change({ stagingInProcesses: true, keyvalueMemory: 200 });
  const codes: Readonly<Record<string, number>> = { preview: 2, deploy: 3, rollback: 3, drift: 1 };
  let last = "";
  for (const line of commandsOf(block("npx cdk-nomad promote staging"))) {
    const code = codes[/cdk-nomad (\w+)/.exec(line)?.[1] ?? ""] ?? 0;
    const said = await shell(line);
    expect([line, said]).toEqual([line, expect.objectContaining({ code })]);
    last = said.output;
    // The version of before is tried out by a canary, too; while that waits, nothing is restarted.
    if (line.includes("rollback")) await project.run(["promote", "staging"]);
  }
  expect(last).toContain("prism-stack was taken back from version 1 to 0");
});

test("every line of shell is run, or is said not to be, with the reason", () => {
  const lines = readme.filter(({ language }) => language === "sh").flatMap(commandsOf);
  expect(lines.filter((line) => !run.has(line) && !(line in ELSEWHERE))).toEqual([]);
  expect(Object.keys(ELSEWHERE).filter((line) => run.has(line) || !lines.includes(line))).toEqual([]);
});
