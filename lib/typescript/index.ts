/** Jobs as TypeScript, written as a person would write them. */
import type { Block, Job } from "../jobspec";
import { matchSource, sourceBlocks } from "../jobspec/host";
import { formatted } from "./format";
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
    const from = source === undefined ? undefined : matchSource(job, sourceBlocks(source));
    const comments = (block: Parameters<typeof matchSource>[0]) => from?.get(block)?.comments ?? [];
    const writer = new Writer({ comments });
    const expression = writer.expression(job);
    for (const name of writer.used) used.add(name);
    const before = comments(job).map((line) => `// ${line}`.trimEnd() + "\n");
    return `${before.join("")}export const ${exportName(job.id, names, used)} = ${expression};\n`;
  });
  const imports = `import { ${[...used].sort().join(", ")} } from ${JSON.stringify(options.from ?? "cdk-nomad")};\n`;
  return formatted([imports, ...statements].join("\n"));
}

/** A block as an expression. */
export function expressionOf(block: Block): Promise<string> {
  return formatted(new Writer({ comments: () => [] }).expression(block));
}

/** A name in camel case for a job's id, another for each job. */
function exportName(id: string, taken: Set<string>, classes: ReadonlySet<string>): string {
  const words = (id ?? "").split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  const camel = words
    .map((word, index) =>
      index === 0 ? word[0]?.toLowerCase() + word.slice(1) : word[0]?.toUpperCase() + word.slice(1),
    )
    .join("");
  const base =
    /^[a-z]/.test(camel) && !RESERVED.has(camel) ? camel : `job${camel[0]?.toUpperCase() ?? ""}${camel.slice(1)}`;
  let name = base;
  for (let number = 2; taken.has(name) || classes.has(name); number += 1) name = `${base}${number}`;
  taken.add(name);
  return name;
}

const RESERVED = new Set(
  "arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally for function if implements import in instanceof interface let new null package private protected public return static super switch this throw true try typeof var void while with yield undefined".split(
    " ",
  ),
);
