import { buildSync } from "esbuild";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JobJson } from "../../lib/nomad";

const REPOSITORY = join(__dirname, "../..");

/** Programs as one file each, which start in a fraction of the time that their sources take. */
export class Bundles {
  readonly folder = mkdtempSync(join(tmpdir(), "cdk-nomad-bundles-"));

  constructor() {
    // The sandboxes' users read nothing here; Nomad's own does.
    chmodSync(this.folder, 0o755);
  }

  /** @param source a path in the repository @returns the path of the file */
  file(source: string): string {
    const outfile = join(this.folder, `${source.replaceAll(/[^a-z0-9]+/gi, "-")}.cjs`);
    buildSync({
      entryPoints: [join(REPOSITORY, source)],
      outfile,
      bundle: true,
      platform: "node",
      target: "node20",
      format: "cjs",
      logLevel: "error",
      // A library on which nothing here depends.
      external: ["re2js"],
    });
    return outfile;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What a job of real sandbox servers is made of. */
export interface SandboxJob {
  readonly id: string;
  readonly count: number;
  readonly min?: number;
  readonly max: number;
  readonly slots: number;
  /** More for the server's command line. */
  readonly args?: readonly string[];
  /** MHz of one sandbox. Default: 20. */
  readonly cpu?: number;
}

/** The real sandbox server as processes of the node, with a token that the test knows. */
export class RealSandboxes {
  readonly token = randomBytes(24).toString("hex");
  /** The program, with the Node that runs it. */
  readonly program: readonly [string, string];
  readonly #tokenFile: string;

  constructor(bundles: Bundles) {
    this.program = [process.execPath, bundles.file("lib/pools/sandbox/server/main.ts")];
    this.#tokenFile = join(bundles.folder, "token");
    writeFileSync(this.#tokenFile, this.token, { mode: 0o600 });
  }

  /** The command line of a server, in the words of a job. */
  private command(slots: number): readonly [string, ...string[]] {
    const settings = ["--port", "${NOMAD_PORT_http}", "--slots", String(slots), "--data-dir", "${NOMAD_TASK_DIR}/data"];
    return [...this.program, ...settings, "--token-file", this.#tokenFile];
  }

  job({ id, count, min = 0, max, slots, args = [], cpu = 20 }: SandboxJob): JobJson {
    const [program, ...settings] = this.command(slots);
    return {
      ID: id,
      Type: "service",
      Datacenters: ["*"],
      Meta: { slots: String(slots) },
      // Without deployments Nomad never refuses to scale.
      Update: { MaxParallel: 0 },
      TaskGroups: [
        {
          Name: "sandbox",
          Count: count,
          Scaling: { Min: min, Max: max, Enabled: true },
          Networks: [{ Mode: "host", DynamicPorts: [{ Label: "http" }] }],
          RestartPolicy: { Attempts: 3, Interval: 300_000_000_000, Delay: 100_000_000, Mode: "fail" },
          ReschedulePolicy: {
            Attempts: 0,
            Unlimited: true,
            Delay: 5_000_000_000,
            DelayFunction: "constant",
            MaxDelay: 0,
          },
          EphemeralDisk: { SizeMB: 10 },
          Tasks: [
            {
              Name: "sandbox-server",
              Driver: "raw_exec",
              Config: { command: program, args: [...settings, ...args] },
              KillTimeout: 5_000_000_000,
              Resources: { CPU: cpu, MemoryMB: 128 },
              LogConfig: { MaxFiles: 1, MaxFileSizeMB: 1 },
            },
          ],
        },
      ],
    };
  }
}
