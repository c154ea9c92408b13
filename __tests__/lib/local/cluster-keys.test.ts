import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeClusterKeys, readClusterKeys } from "../../../lib/local/access/cluster-keys";

// The keys by which the agents of a closed cluster know each other are nobody else's at any moment.

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "cdk-nomad-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A Consul that writes files that everybody may read, as far as its mask lets it, and says what that was with each. */
function consul(): string {
  const path = join(folder, "consul");
  const seen = join(folder, "seen");
  const make = (...names: readonly string[]) =>
    names.map((name) => `echo '${name}' > ${name}; ls -l ${name} | cut -c1-10 >> ${seen}`).join("\n");
  writeFileSync(
    path,
    `#!/bin/sh
case "$2" in
ca)
${make("consul-agent-ca.pem", "consul-agent-ca-key.pem")}
;;
cert)
${make("dc1-server-consul-0.pem", "dc1-server-consul-0-key.pem")}
;;
esac
`,
  );
  chmodSync(path, 0o755);
  return path;
}

test("each file is closed to others from its first moment, and the mask of this process stays as it is", async () => {
  const before = process.umask();
  const keys = await makeClusterKeys(folder, ["global"], consul());
  expect(process.umask()).toBe(before);
  const seen = readFileSync(join(folder, "seen"), "utf8").trim().split("\n");
  expect(seen).toEqual(Array(4).fill("-rw-------"));
  const place = join(folder, "tokens", "agents");
  const names = readdirSync(place).sort();
  expect(names).toEqual(["agent-key.pem", "agent.pem", "ca.pem", "gossip-consul", "gossip-nomad"]);
  expect([place, ...names.map((name) => join(place, name))].map((path) => statSync(path).mode & 0o077)).toEqual(
    Array(6).fill(0),
  );
  expect(readClusterKeys(folder)).toEqual(keys);
});

test("what its program says where it fails is told", async () => {
  const path = join(folder, "consul");
  writeFileSync(path, "#!/bin/sh\necho 'no entropy' >&2\nexit 1\n", { mode: 0o755 });
  await expect(makeClusterKeys(folder, ["global"], path)).rejects.toThrow(/no entropy/);
  expect(readClusterKeys(folder)).toBeUndefined();
});
