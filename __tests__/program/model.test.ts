import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { buildSync } from "esbuild";
import * as index from "../../lib/jobspec";
import * as host from "../../lib/jobspec/host";
import * as secrets from "../../lib/jobspec/secrets";

const root = join(__dirname, "../..");
const sources: Record<string, Record<string, unknown>> = { index, host, "secrets/index": secrets };
let folder: string;

/** What a program of its own finds behind the doors of the bundled model: every name, with that of a class. */
function inBundle(program: string): unknown {
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
    encoding: "utf8",
  });
  return JSON.parse(stdout || JSON.stringify(stderr));
}

function doorOf(name: string): string {
  return JSON.stringify(pathToFileURL(join(folder, "lib/jobspec", `${name}.js`)).href);
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cdk-nomad-model-"));
  mkdirSync(join(folder, "lib/jobspec/secrets"), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  buildSync({
    entryPoints: [join(root, "lib/errors/index.ts")],
    outfile: join(folder, "lib/errors/index.js"),
    bundle: true,
    platform: "node",
  });
  const { status, stderr } = spawnSync(process.execPath, [join(root, "scripts/model.cjs"), folder], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the model as one file", () => {
  it.each(Object.keys(sources))("hands on by the door %s what the sources do, every class by its name", (door) => {
    const names = Object.entries(sources[door] ?? {}).map(([name, value]) => [name, classNameOf(value)]);
    const found = inBundle(`
      import * as door from ${doorOf(door)};
      const classNameOf = ${classNameOf.toString()};
      console.log(JSON.stringify(Object.entries(door).filter(([name]) => !["default", "module.exports"].includes(name)).map(([name, value]) => [name, classNameOf(value)])));
    `);
    expect(names.length).toBeGreaterThan(10);
    expect(found).toEqual(expect.arrayContaining(names));
    expect(found).toHaveLength(names.length);
  });

  it("is one model behind all of them", () => {
    const found = inBundle(`
      import { Job, Task } from ${doorOf("index")};
      import { definitionOf } from ${doorOf("host")};
      const task = new Task({ name: "web", driver: "docker" });
      console.log(JSON.stringify([definitionOf(task).hcl, Job.fromApi({ ID: "web" }).validate().map(({ rule }) => rule)]));
    `);
    const { rule } = index.Job.fromApi({ ID: "web" }).validate()[0] ?? {};
    expect(found).toEqual(["task", expect.arrayContaining([rule])]);
  });
});

function classNameOf(value: unknown): string | null {
  return typeof value === "function" && /^class\b/.test(String(value)) ? value.name : null;
}
