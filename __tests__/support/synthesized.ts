import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What a project's program writes: Terraform's resources by type and name. */
export type Resources = Readonly<Record<string, Readonly<Record<string, object>>>>;

/** What a stack is called and says of itself. */
export interface SynthesizedStack {
  /** Default: dev. */
  readonly name?: string;
  /** What it says of itself. Default: nothing. */
  readonly declared?: object;
}

/**
 * A project whose program only copies what was synthesized before, so that a test of a command spends nothing on it. It has one stack,
 * `dev` where nobody says another name.
 */
export class SynthesizedProject {
  readonly folder = mkdtempSync(join(tmpdir(), "cdk-nomad-synthesized-"));

  constructor(
    resources: Resources,
    variables: Readonly<Record<string, object>> = {},
    { name = "dev", declared }: SynthesizedStack = {},
  ) {
    const stack = join(this.folder, "synthesized/stacks", name);
    mkdirSync(stack, { recursive: true });
    const comment = declared === undefined ? {} : { "//": { "cdk-nomad": declared } };
    writeFileSync(join(stack, "cdk.tf.json"), JSON.stringify({ ...comment, resource: resources, variable: variables }));
    writeFileSync(join(this.folder, "synthesized/manifest.json"), JSON.stringify({ stacks: { [name]: {} } }));
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
