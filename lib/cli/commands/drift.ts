import { findDrift, fixDrift, hasDrift, type Drift, type JobDrift } from "../../operations";
import type { CliContext } from "../context";
import { driftMarkdown } from "../drift-markdown";
import { DRIFT, driftCounts, IN_CONSUL } from "../drift-words";
import { consulName, fieldInWords } from "../plan-words";
import { withStack, type StackOptions } from "../stack";
import type { Terminal } from "../terminal";

/** Options of `drift`. */
export interface DriftOptions extends StackOptions {
  readonly fix?: boolean;
  readonly format: "text" | "markdown" | "json";
}

/** Says what somebody changed behind the program's back. Exit code 0: nothing, or all put right; 2: something; 1: an error. */
export async function drift(environment: string, options: DriftOptions, context: CliContext): Promise<void> {
  const format = options.json ? "json" : options.format;
  const { terminal, signal } = context;
  await withStack(environment, options, context, async ({ contents, nomad, consul }) => {
    const progress = terminal.progress();
    progress.step(`comparing with Nomad and Consul at ${nomad.address} and ${consul.address}`);
    const clients = { nomad, consul, signal };
    const differing = await findDrift(environment, contents, clients);
    const { drift: found } = differing;
    terminal.rest();
    if (format === "text") terminal.print(driftText(found, terminal));
    if (format === "markdown") terminal.print(driftMarkdown(found));
    const fixes = options.fix && hasDrift(found) ? await fixDrift(differing, contents, clients) : [];
    if (format === "json") terminal.print(JSON.stringify({ ...found, ...(options.fix ? { fixes } : {}) }, null, 2));
    for (const { name, fixed, reason } of fixes) {
      const { color } = terminal;
      terminal.note(fixed ? `${color.green("✓")} ${name} is put right` : `${color.red("✗")} ${name}: ${reason}`);
    }
    if (fixes.some(({ fixed }) => !fixed)) process.exitCode = 1;
    else if (hasDrift(found) && fixes.length === 0) process.exitCode = 2;
    if (fixes.length > 0 && !process.exitCode)
      terminal.note(`watch it come back with: cdk-nomad status ${environment}`);
  });
}

function driftText(found: Drift, terminal: Terminal): string {
  const { color } = terminal;
  const { environment, jobs, consul, unchanged } = found;
  if (!hasDrift(found)) return `${color.green("✓")} ${environment} is as the program says: ${unchanged} jobs`;
  return [
    `${color.yellow("!")} ${color.bold(environment)} is not as the program says: ${driftCounts(found)}`,
    ...jobs.flatMap((job) => ["", ...jobText(job, terminal)]),
    ...(consul.length > 0 ? [""] : []),
    ...consul.flatMap((change) => [
      `${color.bold(consulName(change))} ${IN_CONSUL[change.change]}`,
      ...change.fields.flatMap((field) => terminal.wrap(fieldInWords(field), 2)),
    ]),
    "",
    `put it right with: cdk-nomad drift ${environment} --fix`,
  ].join("\n");
}

function jobText(job: JobDrift, terminal: Terminal): readonly string[] {
  const { color } = terminal;
  const which = job.version === undefined ? "" : color.dim(` (version ${job.version} of ${job.submitted})`);
  return [
    `${color.bold(job.job)} ${DRIFT[job.drift]}${which}`,
    ...job.fields.flatMap((field) => [
      ...terminal.wrap(`${fieldInWords(field)}`, 2),
      ...(field.lines?.split("\n").map((line) => `    ${line}`) ?? []),
    ]),
  ];
}
