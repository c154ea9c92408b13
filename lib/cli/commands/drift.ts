import { findDrift, fixDrift, hasDrift, type Drift, type Fix, type JobDrift } from "../../operations";
import { command, flag } from "../command";
import { driftMarkdown } from "../drift-markdown";
import { DRIFT, driftCounts, IN_CONSUL } from "../drift-words";
import { EXIT } from "../exit-codes";
import { environment, format, json, stackVariables } from "../options";
import { consulName, fieldInWords, groupInWords } from "../plan-words";
import { withStack } from "../stack";
import type { Terminal } from "../terminal";

/** Says what somebody changed behind the program's back. */
export const drift = command({
  name: "drift",
  summary:
    "say what somebody changed behind the program's back: jobs scaled, edited, stopped, purged; entries of Consul",
  arguments: environment,
  options: {
    fix: flag("put it right, unless it is changed again meanwhile"),
    ...format,
    ...stackVariables,
    ...json,
  },
  examples: ["cdk-nomad drift prod", "cdk-nomad drift dev --fix"],
  exitCodes: {
    [EXIT.ok]: "all is as the program says, or was put right",
    [EXIT.failed]: "an error, or not all could be put right",
    [EXIT.changes]: "something is not as the program says",
  },
  interrupted: ({ environment: name, fix }) =>
    fix ? `some of it may be put right: cdk-nomad drift ${name} says what is left` : "nothing was changed",
  async run(input, context) {
    const as = input.json ? "json" : input.format;
    const { terminal, signal } = context;
    return withStack(input, context, async ({ contents, nomad, consul }) => {
      const progress = terminal.progress();
      progress.step(`comparing with Nomad and Consul at ${nomad.address} and ${consul.address}`);
      const clients = { nomad, consul, signal };
      const differing = await findDrift(input.environment, contents, clients);
      const { drift: found } = differing;
      if (as === "text") terminal.print(driftText(found, terminal));
      if (as === "markdown") terminal.print(driftMarkdown(found));
      const fixes = input.fix && hasDrift(found) ? await fixDrift(differing, contents, clients) : [];
      if (as === "json") terminal.json({ ...found, ...(input.fix ? { fixes } : {}) });
      for (const fix of fixes) terminal.note(fixText(fix, terminal));
      if (fixes.some(({ fixed }) => !fixed)) return EXIT.failed;
      if (fixes.length === 0) return hasDrift(found) ? EXIT.changes : EXIT.ok;
      terminal.note(`watch it come back with: cdk-nomad status ${input.environment}`);
      return EXIT.ok;
    });
  },
});

function fixText({ name, fixed, reason }: Fix, { color }: Terminal): string {
  return fixed ? `${color.green("✓")} ${name} is put right` : `${color.red("✗")} ${name}: ${reason}`;
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
    ...job.groups.flatMap((group) => terminal.wrap(`group ${group.name}: ${groupInWords(group, "place")}`, 2)),
    ...job.fields.flatMap((field) => [
      ...terminal.wrap(`${fieldInWords(field)}`, 2),
      ...(field.lines?.split("\n").map((line) => `    ${line}`) ?? []),
    ]),
  ];
}
