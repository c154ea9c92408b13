import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { PLANTS, secrets } from "../../support/drawn-plants";
import { seenInOutputs } from "../../support/plant-outputs";
import { cli, environment } from "../../support/run-cli";

test("no output shows a secret that is planted in any way, neither the old one nor the new one", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.constantFrom(...PLANTS), secrets, secrets, (plant, before, after) => {
      fc.pre(before !== after);
      for (const each of seenInOutputs(plant, before, after)) seen.add(each);
    }),
    { numRuns: 250 },
  );
  expect([...seen].slice(0, 10)).toEqual([]);
});

describe("validate", () => {
  let cwd: string;
  beforeEach(() => (cwd = mkdtempSync(join(tmpdir(), "cdk-nomad-plants-"))));
  afterEach(() => rmSync(cwd, { recursive: true, force: true }));

  test.each(["text", "json", "github"])(
    "names the places of planted secrets and none of them, as %s",
    async (format) => {
      const secret = "kWxQd7-mZ42";
      const tasks = PLANTS.map(({ data }, index) => ({
        Name: `t${index}`,
        Driver: "raw_exec",
        Config: { command: "/bin/true", settings: data(secret) },
      }));
      writeFileSync(join(cwd, "web.json"), JSON.stringify({ ID: "web", TaskGroups: [{ Name: "g", Tasks: tasks }] }));
      const { stdout, stderr } = await cli(["validate", "web.json", "--format", format], { cwd, env: environment() });
      expect(stdout + stderr).not.toContain(secret);
      const unseen = PLANTS.filter((_plant, index) => !`${stdout}${stderr}`.includes(`tasks[t${index}]`));
      expect(unseen.map(({ where }) => where)).toEqual([]);
    },
  );
});
