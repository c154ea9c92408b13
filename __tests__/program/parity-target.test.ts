import { targetOfAgent } from "../../bench/parity/server";

/** An agent's answer about itself, as far as it tells what it is. */
const agent = (Version: string, VersionMetadata = "") => ({ config: { Version: { Version, VersionMetadata } } });

test.each([
  ["an open-source Nomad", agent("1.11.3"), { nomadVersion: "1.11", enterprise: false }],
  ["one that is not released yet", agent("2.0.0-beta.1"), { nomadVersion: "2.0", enterprise: false }],
  ["Nomad Enterprise", agent("1.10.4", "ent"), { nomadVersion: "1.10", enterprise: true }],
  ["Nomad Enterprise with a module for security", agent("1.9.6", "ent.hsm"), { nomadVersion: "1.9", enterprise: true }],
])("the target of the verdicts is what the server says that it is: %s", (_name, said, target) => {
  expect(targetOfAgent(said)).toEqual(target);
});

test("a server that says no version is none to hold verdicts against", () => {
  expect(() => targetOfAgent({ config: {} })).toThrow(/does not say which version/);
});
