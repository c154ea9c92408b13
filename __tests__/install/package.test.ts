import { execFileSync, spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as ts from "typescript";

/** The package as npm makes it of this repository, installed into a folder that has nothing else. */
const ROOT = join(__dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-package-"));
const installed = join(folder, "node_modules/cdk-nomad");
let files: readonly string[];

const run = (command: string, args: readonly string[], cwd = folder) =>
  execFileSync(command, args, {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1" },
  });

beforeAll(() => {
  // npm runs the script `prepare` before it packs, as it does where it installs from git.
  const [packed] = JSON.parse(
    run("npm", ["pack", "--json", "--pack-destination", folder], ROOT).replace(/^[^[]*/, ""),
  ) as [{ readonly filename: string; readonly files: readonly { readonly path: string }[] }];
  files = packed.files.map(({ path }) => path);
  mkdirSync(installed, { recursive: true });
  run("tar", ["-xzf", join(folder, packed.filename), "-C", installed, "--strip-components=1"]);
  // Its dependencies, as they are here.
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { dependencies: object };
  for (const name of Object.keys(dependencies)) {
    if (name.includes("/")) mkdirSync(join(folder, "node_modules", name.split("/")[0] ?? ""), { recursive: true });
    symlinkSync(join(ROOT, "node_modules", name), join(folder, "node_modules", name));
  }
}, 180_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("its library is imported, and its types are there", () => {
  writeFileSync(
    join(folder, "use.js"),
    `const { Job } = require("cdk-nomad"); console.log(new Job({ id: "a b" }).validate()[0].rule);`,
  );
  expect(run(process.execPath, ["use.js"])).toBe("job/no-groups\n");
  writeFileSync(join(folder, "testing.js"), `console.log(typeof require("cdk-nomad/testing").SynthesizedStack);`);
  expect(run(process.execPath, ["testing.js"])).toBe("function\n");
  writeFileSync(join(folder, "pools.js"), `console.log(typeof require("cdk-nomad/pools").getWarmPoolManager);`);
  expect(run(process.execPath, ["pools.js"])).toBe("function\n");
  expect(files).toEqual(
    expect.arrayContaining(["dist/lib/index.js", "dist/lib/index.d.ts", "dist/lib/testing/index.d.ts"]),
  );
  // What a slot pool runs in its sandboxes; it is one file, so it says of itself that an option is unknown with nothing beside it.
  const server = "dist/lib/pools/sandbox/sandbox-server.js";
  expect(files).toContain(server);
  const said = spawnSync(process.execPath, [join(installed, server), "--no-such"], { cwd: tmpdir(), encoding: "utf8" });
  expect([said.status, said.stderr]).toEqual([expect.any(Number), expect.stringContaining("--no-such")]);
});

test("its types show nothing that is only for the library itself", () => {
  const types = files.filter((path) => path.endsWith(".d.ts"));
  expect(types.length).toBeGreaterThan(300);
  const showing = types.filter((path) => readFileSync(join(installed, path), "utf8").includes("@internal"));
  expect(showing).toEqual([]);
});

test("its types compile in the strictest of projects, every file of them", () => {
  mkdirSync(join(folder, "node_modules/@types"), { recursive: true });
  symlinkSync(join(ROOT, "node_modules/@types/node"), join(folder, "node_modules/@types/node"));
  const entries = ["cdk-nomad", "cdk-nomad/testing", "cdk-nomad/pools", "cdk-nomad/pools/testing"];
  writeFileSync(
    join(folder, "use.ts"),
    `${entries.map((name, at) => `import * as entry${at} from "${name}";`).join("\n")}
export const all = [${entries.map((_, at) => `entry${at}`).join(", ")}];
export const task: entry0.TaskProps = { name: "web", driver: entry0.Driver.rawExec({ command: "/bin/true" }) };
`,
  );
  const compilerOptions = {
    target: "ES2023",
    module: "Node16",
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noPropertyAccessFromIndexSignature: true,
    skipLibCheck: false,
    noEmit: true,
    types: ["node"],
  };
  const include = ["use.ts", "node_modules/cdk-nomad/dist/lib/**/*.d.ts"];
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include, exclude: [] }));
  const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
  const { status, stdout } = spawnSync(process.execPath, [compiler, "-p", folder], { encoding: "utf8" });
  expect([status, stdout]).toEqual([0, ""]);
}, 300_000);

test("every door of it has its types where ts-jest and older projects look for them, who do not read the package's exports", () => {
  const { exports } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as {
    exports: Record<string, { types: string } | string>;
  };
  const options = { module: ts.ModuleKind.CommonJS, moduleResolution: ts.ModuleResolutionKind.Node10 };
  for (const [door, { types }] of Object.entries(exports).flatMap(([door, to]) =>
    typeof to === "string" ? [] : [[door, to] as const],
  )) {
    const name = door.replace(".", "cdk-nomad");
    const { resolvedModule } = ts.resolveModuleName(name, join(folder, "use.ts"), options, ts.sys);
    expect([name, resolvedModule?.resolvedFileName]).toEqual([name, realpathSync(join(installed, types))]);
  }
});

test("its command runs", () => {
  const task = { Name: "t", Driver: "exec", Config: { command: "/bin/true" } };
  writeFileSync(join(folder, "job.json"), JSON.stringify({ ID: "a", TaskGroups: [{ Name: "g", Tasks: [task] }] }));
  expect(run(process.execPath, [join(installed, "bin/cdk-nomad.js"), "validate", "job.json"])).toBe("✓ job.json\n");
}, 300_000);

test("nothing of Nomad, of Consul or of a test is in it: names and sums of sources alone", () => {
  expect(readdirSync(join(installed, "tools"), { recursive: true }).map(String).sort()).toEqual([
    "consul",
    "consul/go.mod",
    "consul/go.sum",
    "nomad",
    "nomad/go.mod",
    "nomad/go.sum",
  ]);
  const kinds = /\.(js|d\.ts|css|md|json|mod|sum)$|^LICENSE$|\/[a-z-]+-LICENSE\.txt$/;
  expect(files.filter((file) => !kinds.test(file) || /tsbuildinfo|__tests__|\.test\./.test(file))).toEqual([]);
});
