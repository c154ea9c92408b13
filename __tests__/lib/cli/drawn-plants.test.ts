import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { ENCODED, HASHES, PLANTS, secrets } from "../../support/drawn-plants";
import { draws } from "../../support/draws";
import { seenInOutputs } from "../../support/plant-outputs";
import { cli, environment } from "../../support/run-cli";

test("no output shows a secret that is planted in any way, neither the old one nor the new one", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.constantFrom(...PLANTS), secrets, secrets, (plant, before, after) => {
      fc.pre(before !== after);
      for (const each of seenInOutputs(plant, before, after)) seen.add(each);
    }),
    { numRuns: draws(60) },
  );
  expect([...seen].slice(0, 10)).toEqual([]);
});

test("no output shows what a decoder turns into a user and a password", () => {
  const encoded = (password: string) => Buffer.from(`ops:${password}`).toString("base64");
  const seen = ENCODED.flatMap((plant) => seenInOutputs(plant, encoded("kWxQd7-mZ42"), encoded("Zp93vLq-xNh")));
  // In a sentence of ours nobody can tell it from any other word, unless it was read as data before.
  expect(seen.filter((each) => !each.includes(": note shows"))).toEqual([]);
});

test("no output shows a password's hash, whatever it stands in", () => {
  const seen = HASHES.flatMap((hash) => {
    const other = hash.replace(/[a-z]{2}(?=[^a-z]*$)/, "zz");
    return [
      seenInOutputs({ where: hash, data: (text) => ({ NOTE: `ops:${text}\n` }) }, hash, other),
      seenInOutputs({ where: hash, data: (text) => ({ tags: [`users=ops:${text}`] }) }, hash, other),
    ].flat();
  });
  expect(seen).toEqual([]);
});

test("no output shows a key that stands behind its id, nor one of several lines", () => {
  const [key, other] = ["wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzKEY", "aJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzKEZ"];
  const [lines, more] = ["6b57785164372d6d5a34327254614233", "5a703933764c712d784e683842614233"];
  expect([
    ...seenInOutputs({ where: "AWS", data: (s) => ({ PAIR: `AKIAIOSFODNN7ABCDEFG:${s}` }) }, key, other),
    ...seenInOutputs(
      {
        where: "OpenVPN",
        data: (s) => ({ NOTE: `-----BEGIN OpenVPN Static key V1-----\n${s}\n-----END OpenVPN Static key V1-----\n` }),
      },
      ...([lines, more] as const),
    ),
  ]).toEqual([]);
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
