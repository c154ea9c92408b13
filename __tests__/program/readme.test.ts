import { readFileSync } from "node:fs";
import { join } from "node:path";
import { job } from "../../examples/admin";

const ROOT = join(__dirname, "../..");
const readme = readFileSync(join(ROOT, "README.md"), "utf8");
const example = (name: string) =>
  readFileSync(join(ROOT, "examples", name), "utf8")
    .replaceAll('"../lib/testing"', '"cdk-nomad/testing"')
    .replaceAll('"../lib/pools"', '"cdk-nomad/pools"')
    .replaceAll('"../lib"', '"cdk-nomad"')
    .trim();

describe("the README", () => {
  test("shows the examples as they are type-checked", () => {
    const admin = example("admin.ts");
    expect(readme).toContain(admin.slice(admin.indexOf("export const job")));
    expect(readme).toContain(example("stack.ts"));
    expect(readme).toContain(example("amend.ts"));
    expect(readme).toContain(example("assertion.ts"));
    expect(readme).toContain(example("pools.ts"));
  });

  test("shows a job that is sound", () => {
    expect(job.validate()).toEqual([]);
  });
});
