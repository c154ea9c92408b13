import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import {
  cacheFolder,
  dynamicPortsAt,
  EmbeddedCluster,
  getBinary,
  licenceOf,
  portsAt,
  projectFolder,
  SILENT,
  takenPorts,
  type Machine,
} from "../../../lib/local";
import { agentsOf, filesOf, isConfigurationFile, type Agent, type Layout } from "../../../lib/local/agents/agents";
import { configOf } from "../../../lib/local/configurations";
import { readState } from "../../../lib/local/agents/state";
import { formatProblem, UserError } from "../../../lib";
import { MACHINE } from "../../support/binaries";
import { reservePorts } from "../../support/ports";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "cdk-nomad-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("ports", () => {
  test("move together", () => {
    expect(portsAt(1000)).toMatchObject({ "Nomad HTTP": 5646, "Consul HTTP": 9500 });
  });

  test.each([-1, 1.5, 60000, Number.NaN])("an offset of %s is refused", (offset) => {
    expect(() => portsAt(offset)).toThrow(UserError);
  });

  test("that are taken are found, with who has them", async () => {
    const { offset, release } = await reservePorts();
    const server = createServer().listen(4646 + offset, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const taken = await takenPorts(portsAt(offset));
    await new Promise((resolve) => server.close(resolve));
    await release();
    expect(taken).toEqual([
      { name: "Nomad HTTP", port: 4646 + offset, owner: expect.stringContaining(`process ${process.pid}`) },
    ]);
  });
});

describe("the ports that a Nomad gives to tasks", () => {
  test("are Nomad's own for the usual cluster, and others for each region and each reserved offset", async () => {
    expect(dynamicPortsAt(0, 0)).toBeUndefined();
    const reserved = await Promise.all([reservePorts(), reservePorts(), reservePorts()]);
    const firsts = [dynamicPortsAt(0, 1), ...reserved.map(({ offset }) => dynamicPortsAt(offset, 0))].map(
      (ports) => ports?.min_dynamic_port,
    );
    await Promise.all(reserved.map(({ release }) => release()));
    expect(new Set(reserved.map(({ offset }) => offset)).size).toBe(3);
    expect(new Set(firsts).size).toBe(4);
    for (let offset = 0; offset <= 56_000; offset += 1000)
      for (let region = 0; region < 9; region += 1)
        expect(dynamicPortsAt(offset, region)?.max_dynamic_port ?? 0).toBeLessThan(65_536);
  });
});

describe("a binary", () => {
  const program = (name: string, place: string) => {
    mkdirSync(place, { recursive: true });
    const file = join(place, name);
    writeFileSync(file, `#!/bin/sh\necho "${name} v9.8.7"\n`);
    chmodSync(file, 0o755);
    return file;
  };
  const options = (env: Record<string, string>) => ({
    cache: join(folder, "cache"),
    env: { PATH: "", ...env },
    machine: MACHINE,
    progress: SILENT,
  });

  test("is taken from PATH first", async () => {
    const file = program("nomad", join(folder, "bin"));
    program("nomad", join(folder, "cache/nomad/1.11.3"));
    expect(await getBinary("nomad", options({ PATH: join(folder, "bin") }))).toEqual({
      name: "nomad",
      path: file,
      version: "9.8.7",
      from: "PATH",
    });
  });

  test("is taken from the cache where none is on PATH", async () => {
    const file = program("nomad", join(folder, "cache/nomad/1.11.3"));
    expect(await getBinary("nomad", options({}))).toEqual({
      name: "nomad",
      path: file,
      version: "9.8.7",
      from: "cache",
    });
  });

  test("is built once where two projects want it at the same time: one waits, and says so", async () => {
    const bin = join(folder, "go-bin");
    mkdirSync(bin, { recursive: true });
    const builds = join(folder, "builds");
    const go = `#!/bin/sh
      echo built >> "${builds}"
      while [ "$1" != -o ]; do shift; done
      printf '#!/bin/sh' > "$2"
      sleep 1
      printf '\\necho "nomad v9.8.7"\\n' >> "$2"
      chmod 755 "$2"\n`;
    writeFileSync(join(bin, "go"), go);
    chmodSync(join(bin, "go"), 0o755);
    const said: string[] = [];
    const progress = { ...SILENT, step: (text: string) => void said.push(text) };
    const env = { PATH: `${bin}:/usr/bin:/bin`, CDK_NOMAD_RELEASES: "http://127.0.0.1:1" };
    const cache = join(folder, "built");
    const both = await Promise.all([1, 2].map(() => getBinary("nomad", { ...options(env), cache, progress })));
    expect(both.map(({ from, version }) => `${from} ${version}`).sort()).toEqual(["cache 9.8.7", "go 9.8.7"]);
    expect(readFileSync(builds, "utf8")).toBe("built\n");
    expect(said).toContain("waiting for another cdk-nomad, which gets nomad");
  });

  test("may be named", async () => {
    const file = program("mine", folder);
    expect((await getBinary("nomad", options({ CDK_NOMAD_NOMAD: file }))).path).toBe(file);
    await expect(getBinary("nomad", options({ CDK_NOMAD_NOMAD: join(folder, "none") }))).rejects.toThrow(
      /CDK_NOMAD_NOMAD/,
    );
  });

  test("cache follows the usual variables", () => {
    const linux = { platform: "linux", home: "/home/me" } as const;
    expect(cacheFolder({ CDK_NOMAD_CACHE: "/a" }, linux)).toBe("/a");
    expect(cacheFolder({ XDG_CACHE_HOME: "/b" }, linux)).toBe("/b/cdk-nomad");
    expect(cacheFolder({}, linux)).toBe("/home/me/.cache/cdk-nomad");
    expect(cacheFolder({}, { platform: "darwin", home: "/Users/me" })).toBe("/Users/me/Library/Caches/cdk-nomad");
  });
});

test.each([
  ["nomad", "1.5.6", "MPL 2.0"],
  ["nomad", "1.6.5", "MPL 2.0"],
  ["nomad", "1.6.6", "BUSL 1.1"],
  ["nomad", "1.11.3", "BUSL 1.1"],
  ["nomad", "2.0.5", "BUSL 1.1"],
  ["consul", "1.16.9", "MPL 2.0"],
  ["consul", "1.17.0", "BUSL 1.1"],
  ["consul", "unknown", "licence unknown"],
] as const)("%s %s: %s", (name, version, licence) => {
  expect(licenceOf(name, version)).toBe(licence);
});

test("an agent is configured for the machine that is given, whichever this one is", () => {
  const [, nomad] = agentsOf({ portOffset: 0, regions: ["global"] });
  const files = filesOf(folder, "nomad");
  const settings = { version: "1.11.3", firstRegion: "global", memoryLimit: 2048 };
  const clientOn = (machine: Partial<Machine>) =>
    (
      configOf(nomad as Agent, { files, machine: { ...MACHINE, ...machine }, ...settings }) as {
        readonly client: object;
      }
    ).client;
  expect(clientOn({ platform: "darwin", uid: 0 })).toMatchObject({ network_interface: "lo0", memory_total_mb: 2048 });
  expect(clientOn({ platform: "darwin", uid: 0 })).not.toHaveProperty("chroot_env");
  expect(clientOn({ platform: "linux", uid: 1000 })).toMatchObject({ network_interface: "lo" });
  expect(clientOn({ platform: "linux", uid: 1000 })).not.toHaveProperty("chroot_env");
});

describe("the agents of several regions", () => {
  const regions = ["us-west", "us-east", "eu", "ap"];

  test("are a Nomad and a Consul agent of its own for each, and no two have a port in common, also not of clusters beside them", () => {
    const clusters = [0, 2000, 3000].map((portOffset) => agentsOf({ portOffset, regions }));
    expect(clusters[0]?.map(({ name }) => name)).toEqual([
      ..."consul nomad consul-us-east nomad-us-east consul-eu nomad-eu consul-ap nomad-ap".split(" "),
    ]);
    // The server of Consul is given the ports of a whole cluster.
    const ports = clusters.flat().flatMap(({ program, ports: all }) =>
      Object.entries(all as Readonly<Record<string, number>>)
        .filter(([name]) => name.toLowerCase().startsWith(program))
        .map(([, port]) => port),
    );
    expect(ports.length - new Set(ports).size).toBe(0);
    const asked = clusters[0]?.flatMap((agent) => (agent.program === "nomad" ? [agent.consul["Consul HTTP"]] : []));
    expect(new Set(asked).size).toBe(regions.length);
  });

  test("of a cluster that an older release started share one Consul agent, as they were started", () => {
    const place = join(folder, ".cdk-nomad");
    mkdirSync(place);
    writeFileSync(
      join(place, "cluster.json"),
      JSON.stringify({ format: 1, portOffset: 0, regions: ["a", "b"], agents: {} }),
    );
    const state = readState(place);
    expect(agentsOf(state as Layout).map(({ name }) => name)).toEqual(["consul", "nomad", "nomad-b"]);
  });
});

test("of the files in a cluster's folder those are configuration that agents are started with", () => {
  const agents = agentsOf({ portOffset: 0, regions: ["global", "eu", "us-2"] });
  const files = agents.map(({ name }) => filesOf(folder, name));
  const isConfiguration = (path: string) => isConfigurationFile(basename(path));
  expect(files.filter(({ config }) => !isConfiguration(config))).toEqual([]);
  const others = files.flatMap(({ data, log }) => [data, log, `${data}.json.tmp`]);
  expect([...others, "cluster.json", "nomadic.json", "consuls.json", ".gitignore"].filter(isConfiguration)).toEqual([]);
});

test("the folder of a cluster is no change to git, whatever the project's own .gitignore says", async () => {
  const git = (...args: string[]) => execFileSync("git", args, { cwd: folder, encoding: "utf8" });
  git("init", "--quiet");
  writeFileSync(join(folder, ".gitignore"), "node_modules/\n");
  await new EmbeddedCluster(join(folder, ".cdk-nomad")).down(SILENT);
  writeFileSync(join(folder, ".cdk-nomad", "nomad.log"), "a log");
  expect(git("status", "--porcelain", "--untracked-files=all")).toBe("?? .gitignore\n");
});

describe("an embedded cluster that does not run", () => {
  test("says so", async () => {
    const cluster = new EmbeddedCluster(join(folder, ".cdk-nomad"));
    expect((await cluster.status()).phase).toBe("stopped");
    expect(cluster.addresses()).toBeUndefined();
    expect(await cluster.down(SILENT)).toBe(false);
  });

  test("whose file is broken says what to do, and is ended by down", async () => {
    const place = join(folder, ".cdk-nomad");
    mkdirSync(place);
    writeFileSync(join(place, "cluster.json"), "{");
    const cluster = new EmbeddedCluster(place);
    await expect(cluster.status()).rejects.toThrow(/cdk-nomad down/);
    await cluster.down(SILENT);
    expect((await cluster.status()).phase).toBe("stopped");
  });

  test("whose processes got other owners counts as stopped", async () => {
    const place = join(folder, ".cdk-nomad");
    mkdirSync(place);
    const agent = { pid: process.pid, version: "1", path: "/x", from: "PATH" };
    writeFileSync(
      join(place, "cluster.json"),
      JSON.stringify({ format: 1, portOffset: 0, agents: { nomad: agent, consul: agent } }),
    );
    expect((await new EmbeddedCluster(place).status()).phase).toBe("stopped");
  });
});

test("a project is found from inside it, and missed with a word", () => {
  mkdirSync(join(folder, "a/b"), { recursive: true });
  writeFileSync(join(folder, "cdktf.json"), "{}");
  expect(projectFolder(join(folder, "a/b"))).toBe(folder);
  expect(() => projectFolder("/")).toThrow(/no cdktf\.json/);
});

test("problems are printed with their place", () => {
  expect(formatProblem({ rule: "a", path: ["b", "c"], message: "is wrong", severity: "error" })).toBe("b.c: is wrong");
});
