/** Jobs as TypeScript, written as a person would write them. */
import { matchSource, readSource } from "../hcl-source";
import type { Block, Job } from "../jobspec";
import { comments, identifier, joined, lineComments, quoted, ts } from "./code";
import { formatted } from "./format";
import { exportName } from "./names";
import { Remarks } from "./remarks";
import { Writer } from "./write";

/** A job to be written, with where it came from. */
export interface JobToWrite {
  readonly job: Job;
  /** The HCL that it was read from: its comments are carried over. Default: none. */
  readonly source?: string;
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

/** A module that exports each job under a name made of its id. */
export async function toTypeScript(jobs: readonly JobToWrite[], options: ModuleOptions = {}): Promise<string> {
  const used = new Set<string>();
  const names = new Set<string>();
  const statements = jobs.map(({ job, source }) => {
    const read = source === undefined ? undefined : readSource(source);
    const remarks = read && new Remarks(read, matchSource(job, read));
    const writer = new Writer(source, remarks);
    const { expression, left } = writer.expression(job);
    for (const name of writer.used) used.add(name);
    const name = identifier(exportName(job.id, names, used));
    const own = remarks?.of(job);
    const before = remarks?.takeIn({ start: 0, end: own?.start ?? Infinity }) ?? [];
    const after = remarks?.takeIn({ start: 0, end: Infinity }) ?? [];
    return ts`${comments([...before, ...left])}export const ${name} = ${expression};${lineComments(after)}\n`;
  });
  const classes = joined([...used].sort().map(identifier), ts`, `);
  const imports = ts`import { ${classes} } from ${quoted(options.from ?? "cdk-nomad")};\n`;
  return formatted(joined([imports, ...statements], ts`\n`));
}

/** A block as an expression. */
export function expressionOf(block: Block): Promise<string> {
  return formatted(new Writer().expression(block).expression);
}
