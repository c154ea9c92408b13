import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";

/** What a command line loads, asked of a process of its own: the help has every command, and loads what none of them does when it runs. */

const ROOT = join(__dirname, "../..");

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "cdk-nomad-loaded-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Loaded {
  readonly code: number | null;
  /** The package's own dependencies. */
  readonly packages: readonly string[];
  /** Folders of the library, and files of it that are doors of their own. */
  readonly rooms: readonly string[];
  /** What commands do when they run. */
  readonly runs: readonly string[];
}

/** What a process has loaded when it ends that runs a command line. */
function loadedBy(...args: readonly string[]): Loaded {
  const list = join(folder, "loaded.json");
  const program = `
    process.on("exit", () => require("node:fs").writeFileSync(${JSON.stringify(list)}, JSON.stringify(Object.keys(require.cache))));
    process.argv = [process.execPath, "cdk-nomad", ...${JSON.stringify(args)}];
    require(${JSON.stringify(join(ROOT, "lib/cli/main.ts"))});`;
  const env = { PATH: process.env.PATH, HOME: folder, NOMAD_ADDR: "http://127.0.0.1:1", NO_COLOR: "1" };
  const started = ["--require", require.resolve("tsx/cjs"), "--eval", program];
  const { status: code } = spawnSync(process.execPath, started, { cwd: folder, env, timeout: 120_000 });
  const files = JSON.parse(readFileSync(list, "utf8")) as readonly string[];
  const ofPackages = files.map((file) => new RegExp(`.*node_modules/((?:@[^/]+/)?[^/]+)`).exec(file)?.[1] ?? "");
  const own = files.filter((file) => !file.includes(`${sep}node_modules${sep}`)).map((file) => relative(ROOT, file));
  const inLibrary = own.filter((file) => file.startsWith("lib/"));
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Package;
  return {
    code,
    packages: [...new Set(ofPackages)].filter((name) => Object.hasOwn(dependencies, name)).sort(),
    rooms: [...new Set(inLibrary.map(roomOf))].sort(),
    runs: inLibrary.flatMap((file) => /^lib\/cli\/commands\/run\/(.*)\.ts$/.exec(file)?.[1] ?? []).sort(),
  };
}

interface Package {
  readonly dependencies: Readonly<Record<string, string>>;
}

function roomOf(file: string): string {
  return /^lib\/(?:jobspec\/secrets|[^/]+\/facts\.ts|[^/]+)/.exec(file)?.[0] ?? file;
}

const SMALL: Omit<Loaded, "code"> = {
  packages: ["commander", "picocolors", "string-width", "wrap-ansi"],
  rooms: [
    "lib/cli",
    "lib/errors",
    "lib/github/facts.ts",
    "lib/jobspec/secrets",
    "lib/masking",
    "lib/pools/facts.ts",
    "lib/service/facts.ts",
    "lib/text",
  ],
  runs: [],
};

test.each<[string, number, readonly string[]]>([
  ["the help", 0, ["--help"]],
  ["the help of a command", 0, ["deploy", "--help"]],
  ["the help of a command of a group", 0, ["pool", "claim", "--help"]],
  ["the version", 0, ["--version"]],
  ["a wrong option", 1, ["status", "--nonsense"]],
  ["a command that there is not", 1, ["nonsense"]],
  ["an option without its value", 1, ["deploy", "dev", "--timeout"]],
])("%s loads no server, no client and no model", (_what, code, args) => {
  expect(loadedBy(...args)).toEqual({ code, ...SMALL });
});

test("ls loads the clients of Nomad and Consul, and no server, no CDK and nothing of GitHub", () => {
  const { code, packages, rooms, runs } = loadedBy("ls");
  expect({ code, runs }).toEqual({ code: 1, runs: ["ls"] });
  expect(packages).toEqual([
    ...["commander", "diff", "fastest-levenshtein", "jsonc-parser", "p-limit", "picocolors", "proper-lockfile"],
    ...["string-width", "undici", "valibot", "wrap-ansi", "ws", "yauzl"],
  ]);
  for (const room of ["service", "page", "pools", "constructs", "workloads", "typescript", "github"])
    expect(rooms).not.toContain(`lib/${room}`);
});

test("every command loads what it does when it runs, with the type of the same file", () => {
  const commands = join(ROOT, "lib/cli/commands");
  const loading = readdirSync(commands).flatMap((name) => {
    const text = name.endsWith(".ts") ? readFileSync(join(commands, name), "utf8") : "";
    return [...text.matchAll(/require\("([^"]+)"\) as typeof import\("([^"]+)"\)/g)].map(([, file, type]) => [
      file,
      type,
    ]);
  });
  expect(loading.length).toBeGreaterThan(30);
  expect(loading.filter(([file, type]) => file !== type)).toEqual([]);
});
