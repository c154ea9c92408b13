import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EmbeddedCluster, mountsIn, processesIn } from "../../lib/local";

const REPOSITORY = join(__dirname, "../..");
/** What runs `main.ts`, with what was compiled of the library. */
export const APP = [
  process.execPath,
  ...[require.resolve("tsx/cjs"), join(__dirname, "compiled-library.cjs")].flatMap((file) => ["--require", file]),
  "main.ts",
].join(" ");

const path = (name: string) => JSON.stringify(join(REPOSITORY, name));

/** The environments of this repository, of which dev can be changed. */
const ENVIRONMENTS = `
import { readFileSync } from "node:fs";
import { runProgram, synthesize } from ${path("lib")};
import { createApp } from ${path("main")};
import { ENVIRONMENTS } from ${path("stacks")};

const change = JSON.parse(readFileSync("change.json", "utf8"));
const environments = ENVIRONMENTS.map((settings) =>
  settings.name === "dev" ? { ...settings, launcher: { ...settings.launcher, ...change.launcher } } : settings);
const { PRISM_BIN_DIR: prismBinDir, CDK_NOMAD_PORT_OFFSET: offset, CDK_NOMAD_CLOSED: closed } = process.env;
const inputs = { prismBinDir, portOffset: Number(offset ?? 0), closed: closed === "true" };
runProgram(() => synthesize(createApp({ environments, inputs })));
`;
/** What a command said and how it ended. */
export interface Said {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A project of its own in a folder of its own, made of this repository's program, so that a test disturbs nobody. Its dev
 * environment can be changed from one deployment to the next.
 */
export class Project {
  /** A program of small jobs, whose settings are a {@link SmallProgram}. */
  static readonly SMALL_JOBS = join(__dirname, "../operate/programs/small-jobs.ts");

  #folder: string | undefined;

  /** @param program a module that is the program. Default: the environments of this repository. */
  constructor(private readonly program?: string) {}

  /** Where it is; made when it is first asked for. */
  get folder(): string {
    if (this.#folder !== undefined) return this.#folder;
    this.#folder = realpathSync(mkdtempSync(join(tmpdir(), "cdk-nomad-e2e-")));
    writeFileSync(join(this.#folder, "cdktf.json"), JSON.stringify({ language: "typescript", app: APP }));
    writeFileSync(
      join(this.#folder, "main.ts"),
      this.program ? `import ${JSON.stringify(this.program)};` : ENVIRONMENTS,
    );
    this.change({});
    return this.#folder;
  }

  get cluster(): EmbeddedCluster {
    return new EmbeddedCluster(join(this.folder, ".cdk-nomad"));
  }

  /** Changes the settings of dev, or of whatever the program reads. */
  change(change: object): void {
    writeFileSync(join(this.folder, "change.json"), JSON.stringify(change));
  }

  /** Starts a command and leaves it running. */
  spawn(args: readonly string[], env: Readonly<Record<string, string | undefined>> = {}): ChildProcess {
    const clean = Object.fromEntries(
      Object.entries(process.env).filter(
        ([name]) => !/^(NOMAD|CONSUL|VAULT|BAO|PRISM|TERMINAL_NOMAD|WARM_POOL|CDK_NOMAD_PORT)_/.test(name),
      ),
    );
    return spawn(process.execPath, [join(REPOSITORY, "bin/cdk-nomad.js"), ...args], {
      cwd: this.folder,
      env: { ...clean, NO_COLOR: "1", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  /** Runs a command to its end. */
  async run(args: readonly string[], env: Readonly<Record<string, string | undefined>> = {}): Promise<Said> {
    return ended(this.spawn(args, env));
  }

  /** What is left of the cluster: processes that still run, and mounts. */
  leftovers(): { readonly processes: number[]; readonly mounts: string[] } {
    const folder = this.cluster.folder;
    return {
      processes: [...processesIn(folder), ...agentsOf(`${folder}/`)].filter((pid) => !isZombie(pid)),
      mounts: mountsIn(folder),
    };
  }

  /** Whether an agent of the cluster runs, asked of the system. */
  runs(agent: string): boolean {
    return agentsOf(join(this.cluster.folder, `${agent}.json`)).some((pid) => !isZombie(pid));
  }

  /** Ends whatever still runs, and forgets the folder. */
  async remove(): Promise<void> {
    if (this.#folder === undefined) return;
    await this.run(["down"]);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** What a command said, with its line breaks taken for spaces. */
export function flat(said: Said): string {
  return `${said.stdout} ${said.stderr}`.replaceAll(/\s+/g, " ");
}

/** Collects what a process says until it ends. */
export async function ended(child: ChildProcess): Promise<Said> {
  const said = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream]?.on("data", (chunk: Buffer) => (said[stream] += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { code, ...said };
}

/** Processes whose command line names a path. */
function agentsOf(path: string): number[] {
  const pids = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  return pids.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(path);
    } catch {
      return false;
    }
  });
}

/** A process that has ended, and that nobody has asked about yet. */
function isZombie(pid: number): boolean {
  try {
    return / Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return true;
  }
}
