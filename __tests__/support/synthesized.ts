import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What a project's program writes: Terraform's resources by type and name. */
export type Resources = Readonly<Record<string, Readonly<Record<string, object>>>>;

/**
 * A project whose program only copies what was synthesized before, so that a test of a command spends nothing on it. It has one stack,
 * `dev`.
 */
export class SynthesizedProject {
  readonly folder = mkdtempSync(join(tmpdir(), "cdk-nomad-synthesized-"));

  constructor(resources: Resources, variables: Readonly<Record<string, object>> = {}) {
    const stack = join(this.folder, "synthesized/stacks/dev");
    mkdirSync(stack, { recursive: true });
    writeFileSync(join(stack, "cdk.tf.json"), JSON.stringify({ resource: resources, variable: variables }));
    writeFileSync(join(this.folder, "synthesized/manifest.json"), JSON.stringify({ stacks: { dev: {} } }));
    writeFileSync(join(this.folder, "cdktf.json"), JSON.stringify({ app: 'cp -r synthesized/. "$CDKTF_OUTDIR"' }));
  }

  /** A project of jobs of Nomad's API. */
  static ofJobs(...jobs: readonly ({ readonly ID: string } & object)[]): SynthesizedProject {
    // What Nomad reads at run time, Terraform is not to read.
    const text = (job: object) => JSON.stringify({ Job: job }).replaceAll(/([$%])\{/g, "$1$1{");
    const resources = jobs.map((job) => [job.ID, { jobspec: text(job) }] as const);
    return new SynthesizedProject({ nomad_job: Object.fromEntries(resources) });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
