import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duration, Memory, pathText, synthesize, UserError } from "../../lib";
import { createApp } from "../../main";
import { ENVIRONMENTS, problemsOfSettings, type EnvironmentSettings } from "../../stacks";

const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("settings", () => {
  const dev = ENVIRONMENTS[0] as EnvironmentSettings;
  test.each<[string, object, string]>([
    ["a count that is none", { launcher: { ...dev.launcher, count: 1.5 } }, "dev.launcher.count"],
    ["a port out of range", { portOffset: 60000 }, "dev.portOffset"],
    ["fewer sandboxes than the fewest", { hermes: { ...dev.hermes, min: 3 } }, "dev.hermes.max"],
    ["a property that is none", { launchers: {} }, "dev.launchers"],
    ["a property too few", { denyByDefault: undefined }, "dev.denyByDefault"],
    ["an empty version", { programs: { kind: "images", registry: "", version: "" } }, "dev.programs.version"],
    ["a kind that is none", { backend: { kind: "s3" } }, "dev.backend.kind"],
    ["a duration as a text", { update: { ...dev.update, minHealthyTime: "10s" } }, "dev.update.minHealthyTime"],
    ["a name that is no part of a path", { name: "De v" }, "De v.name"],
    ["a datacenter without a name", { datacenters: ["dc1", ""] }, "dev.datacenters[1]"],
  ])("%s is refused with its place", (_name, change, path) => {
    const problems = problemsOfSettings({ ...dev, ...change } as EnvironmentSettings);
    const steps = path.split(/\.|(?=\[)/).length;
    expect(problems.map((each) => [pathText(each.path), each.path.length])).toEqual([[path, steps]]);
  });

  test.each<[string, object, string, string]>([
    ["a count below zero", { launcher: { ...dev.launcher, count: -1 } }, "field/range", "groups[launcher].count"],
    [
      "more memory than its limit",
      { admin: { ...dev.admin, memoryMax: Memory.mebibytes(64) } },
      "resources/memory-max",
      "groups[admin].tasks[prism-admin].resources.memoryMax",
    ],
    [
      "deadlines in the wrong order",
      { update: { ...dev.update, minHealthyTime: Duration.hours(1) } },
      "update/deadlines",
      "update.minHealthyTime",
    ],
  ])("%s is no business of theirs: the job's own rule says it once", (_name, change, rule, place) => {
    const settings = { ...dev, ...change };
    expect(problemsOfSettings(settings)).toEqual([]);
    const app = createApp({ environments: [settings], app: { outdir: join(folder, "t") } });
    let refused: unknown;
    try {
      synthesize(app);
    } catch (error) {
      refused = error;
    }
    const found = (refused as UserError).problems.map((problem) => [problem.rule, pathText(problem.path)]);
    expect(found.filter(([own]) => own === rule)).toEqual([[rule, expect.stringContaining(place)]]);
    expect(found.filter(([own]) => own === "settings")).toEqual([]);
  });

  test("of all environments are checked at once", () => {
    const bad = ENVIRONMENTS.map((settings) => ({ ...settings, datacenters: [] }));
    const app = () => createApp({ environments: bad, app: { outdir: join(folder, "t") } });
    expect(app).toThrow(UserError);
    expect(app).toThrow(/dev\.datacenters[^]*staging\.datacenters[^]*prod\.datacenters/);
  });

  test("two environments of one name are refused", () => {
    expect(() => createApp({ environments: [dev, dev], app: { outdir: join(folder, "t") } })).toThrow(
      /two environments/,
    );
  });
});
