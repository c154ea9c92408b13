import { execFileSync } from "node:child_process";
import { join } from "node:path";

const ROOT = join(__dirname, "../../..");

/** The packages that a process of its own has loaded once it has loaded a module of this repository. */
function packagesOf(module: string): readonly string[] {
  const program = `
    require(${JSON.stringify(join(ROOT, module))});
    const names = Object.keys(require.cache).map((file) => /.*node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(file)?.[1]);
    console.log(JSON.stringify([...new Set(names.filter(Boolean))]));`;
  const args = ["--import", require.resolve("tsx"), "--eval", program];
  return JSON.parse(execFileSync(process.execPath, args, { cwd: ROOT, encoding: "utf8" })) as string[];
}

test("whoever leases containers loads no CDK", () => {
  const packages = packagesOf("lib/pools/index.ts");
  expect(packages).toContain("undici");
  expect(packages.filter((name) => /cdktf|cdktn|constructs|jsii/.test(name))).toEqual([]);
});
