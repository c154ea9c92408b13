import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { ended, type Said } from "./project";

const CDKTF = join(__dirname, "../../node_modules/cdktf-cli/bundle/bin/cdktf.js");
/** The releases that the bindings were made for, and the one that stacks with scaled jobs require. */
const PROVIDERS = { nomad: { source: "nomad", version: "2.5.2" }, consul: { source: "consul", version: "2.22.1" } };
const NEWER = { nomad: { source: "nomad", version: "2.6.1" } };

/** Terraform's plan of nothing; where only its state is behind, it says the second. */
export const UNCHANGED = /No changes|without changing any real infrastructure/;

/** The environment variables of Terraform: a CLI configuration that is named but not there would make every call complain. */
export function terraformEnv(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const { TF_CLI_CONFIG_FILE: file, ...rest } = env;
  const there = file !== undefined && existsSync(file) ? { TF_CLI_CONFIG_FILE: file } : {};
  return { ...rest, ...there, CHECKPOINT_DISABLE: "1", CI: "true" };
}

/** Whether there is a Terraform here; where there is none, what wants one says that it is skipped. */
export function hasTerraform(): boolean {
  return spawnSync("terraform", ["version"], { env: terraformEnv(), stdio: "ignore" }).error === undefined;
}

/** Why the real providers cannot be had here; undefined where they can. Terraform itself is asked. */
export function whyNoProviders(...wanted: readonly object[]): string | undefined {
  const all = wanted.length > 0 ? wanted : [PROVIDERS, NEWER];
  return all.map(whyNot).find((reason) => reason !== undefined);
}

function whyNot(providers: object): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-providers-"));
  try {
    writeFileSync(join(folder, "main.tf.json"), JSON.stringify({ terraform: { required_providers: providers } }));
    execFileSync("terraform", ["init", "-input=false", "-no-color"], {
      cwd: folder,
      env: terraformEnv(),
      timeout: 60_000,
      stdio: ["ignore", "ignore", "pipe"],
      encoding: "utf8",
    });
    return undefined;
  } catch (error) {
    const { stderr, code } = error as { readonly stderr?: string; readonly code?: string };
    if (code === "ENOENT") return "there is no terraform on PATH";
    const said = (stderr ?? "").replaceAll(/\s+/g, " ").slice(0, 300);
    return `terraform init cannot get the providers: ${said || "no answer within a minute"}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs the real cdktf in a project. */
export async function cdktf(folder: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Said> {
  const child = spawn(process.execPath, [CDKTF, ...args], {
    cwd: folder,
    env: terraformEnv({ ...process.env, ...env }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { code, stdout, stderr } = await ended(child);
  return { code, stdout: stripVTControlCharacters(stdout), stderr: stripVTControlCharacters(stderr) };
}
