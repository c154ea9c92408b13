import { execFileSync, spawn } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheFolder } from "../../lib/local";
import { MACHINE } from "./binaries";
import { ended, type Said } from "./project";

const REPOSITORY = join(__dirname, "../..");
/** nobody, on every Linux. */
const USER = 65534;

/** Why commands cannot be run as an ordinary user here; undefined where they can. */
export function whyNoOrdinaryUser(): string | undefined {
  if (process.platform !== "linux") return "only Linux has the namespaces that it takes";
  if (process.getuid?.() !== 0) return "these tests are run by an ordinary user already, as all others here";
  try {
    execFileSync("unshare", ["-m", "setpriv", `--reuid=${USER}`, `--regid=${USER}`, "--clear-groups", "true"], {
      stdio: "ignore",
    });
    return undefined;
  } catch {
    return "unshare and setpriv do not work here";
  }
}

/**
 * A project of small jobs in the hands of a user who is not root, with a home of their own. This repository and the cache of programs may lie
 * where that user must not go, so commands see them at a place of their own.
 */
export class OrdinaryProject {
  private readonly place = realpathSync(mkdtempSync(join(tmpdir(), "cdk-nomad-user-")));
  private readonly repository = join(this.place, "repository");
  private readonly cache = join(this.place, "cache");
  private readonly home = join(this.place, "home");
  readonly folder = join(this.place, "project");

  constructor() {
    chmodSync(this.place, 0o755);
    for (const folder of [this.repository, this.cache, this.home, this.folder]) mkdirSync(folder);
    const tsx = join(this.repository, "node_modules/tsx/dist/loader.mjs");
    this.write(
      "cdktf.json",
      JSON.stringify({ language: "typescript", app: `${process.execPath} --import ${tsx} main.ts` }),
    );
    this.write(
      "main.ts",
      `import ${JSON.stringify(join(this.repository, "__tests__/operate/programs/small-jobs.ts"))};`,
    );
    for (const folder of [this.home, this.folder]) chownSync(folder, USER, USER);
  }

  /** Writes a file of the project. */
  write(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text);
  }

  /** Runs a command to its end, as an ordinary user, or as root in the same places. */
  async run(args: readonly string[], as: "user" | "root" = "user"): Promise<Said> {
    const mounts = `mount --bind '${REPOSITORY}' '${this.repository}' && mount --bind '${cacheFolder(process.env, MACHINE)}' '${this.cache}'`;
    const drop = as === "user" ? `setpriv --reuid=${USER} --regid=${USER} --clear-groups --inh-caps=-all` : "";
    const script = `${mounts} && cd '${this.folder}' && exec ${drop} "$@"`;
    const command = [process.execPath, join(this.repository, "bin/cdk-nomad.js"), ...args];
    const env = { PATH: process.env.PATH, HOME: this.home, CDK_NOMAD_CACHE: this.cache, NO_COLOR: "1" };
    return ended(
      spawn("unshare", ["-m", "sh", "-c", script, "sh", ...command], { env, stdio: ["ignore", "pipe", "pipe"] }),
    );
  }

  /** Ends whatever still runs, and forgets the folder. */
  async remove(): Promise<void> {
    await this.run(["down"], "root");
    rmSync(this.place, { recursive: true, force: true });
  }
}
