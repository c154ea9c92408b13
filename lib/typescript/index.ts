/** Jobs as TypeScript, written as a person would write them. */
import type { Block, Job } from "../jobspec";
import { identifier, joined, quoted, ts } from "./code";
import { formatted } from "./format";
import { exportOf } from "./module";
import { Writer } from "./write";

/** A job to be written, with where it came from. */
export interface JobToWrite {
  readonly job: Job;
  /** The HCL that it was read from: its comments are carried over. Default: none. */
  readonly source?: string;
  /** The values of its variables, by their names, where they are others than the defaults of the source. Default: the defaults. */
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** How a module is written. */
export interface ModuleOptions {
  /**
   * What the classes are imported from.
   *
   * @default "cdk-nomad"
   */
  readonly from?: string;
}

/**
 * A module that exports each job under a name made of its id: as a constant, or where the HCL that it was read from has variables, as a function
 * of them, which without any makes the job as it was read.
 */
export async function toTypeScript(jobs: readonly JobToWrite[], options: ModuleOptions = {}): Promise<string> {
  const taken = { exports: new Set<string>(), classes: new Set<string>() };
  const statements = jobs.map((job) => exportOf(job, taken));
  const classes = joined([...taken.classes].sort().map(identifier), ts`, `);
  const imports = ts`import { ${classes} } from ${quoted(options.from ?? "cdk-nomad")};\n`;
  return formatted(joined([imports, ...statements], ts`\n`));
}

/** A block as an expression. */
export function expressionOf(block: Block): Promise<string> {
  return formatted(new Writer().expression(block).expression);
}
