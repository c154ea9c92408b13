import {
  fixDrift,
  hasDrift,
  RenderedTemplates,
  type Drift,
  type Fix,
  type JobDrift,
  type Owners,
  type RenderedJob,
} from "../../../operations";
import { joinLines, shellQuoted, style, term, wrap, type TerminalText } from "../../../text";
import { DeploymentScreen } from "../../deployment-screen";
import { reasonLines } from "../../deployment-text";
import { diagnosisText } from "../../diagnosis-text";
import { driftMarkdown } from "../../drift-markdown";
import { driftCounts, driftInWords, IN_CONSUL, leftoverInWords, strayInWords, waysOut } from "../../drift-words";
import { refuseToEndLeases } from "../../ended-leases";
import { EXIT } from "../../exit-codes";
import { foundDrift } from "../../found-drift";
import { consulName, groupInWords, thingInConsul } from "../../plan-words";
import { fieldText, readersText } from "../../preview-text";
import { ATTENTION, BAD, GOOD } from "../../symbols";
import type { OpenStack } from "../../open-stack";
import { belongingsText } from "../../stack-owners";
import { withStack, withStackToChange } from "../../stack";
import { terraformOnlyLines } from "../../terraform-only";
import type { CliContext } from "../../context";
import type { Input } from "../drift";

/** Says what somebody changed behind the program's back. */
export async function run(input: Input, context: CliContext) {
  const as = input.json ? "json" : input.format;
  const { terminal, signal } = context;
  const compare = async (stack: OpenStack, owners?: Owners) => {
    const { nomad, consul } = stack;
    const clients = { nomad, consul, masking: terminal.masking, signal };
    const { belongings, contents, differing, found } = await foundDrift(stack, context, owners);
    for (const line of belongingsText({ ...belongings, strays: [], leftovers: [], foreign: [] }, input.environment))
      terminal.note(line);
    const { terraformOnly } = contents;
    for (const line of terraformOnlyLines(contents, "is not looked at", `npx cdktf diff ${input.environment}`))
      terminal.note(line);
    if (as === "text") terminal.print(driftText(found, input));
    if (as === "markdown") terminal.markdown(driftMarkdown(found));
    if (input.fix) await refuseToEndLeases(differing.jobs, { nomad, consul, signal: context.signal }, input, context);
    const fixing = input.fix && hasDrift(found);
    const following = { ...clients, ...new DeploymentScreen(context).handlers() };
    const templates = fixing && (await RenderedTemplates.before(found.consul, contents.objects, following));
    const fixes = fixing
      ? await fixDrift(differing, contents, clients, {
          undoReverts: input.undoReverts,
          onWritten: () => templates && templates.written(),
        })
      : [];
    // What is done is said before what takes minutes: who interrupts that knows what was put right, and what was not.
    for (const fix of fixes) terminal.note(fixText(fix));
    const rendered = templates ? await templates.settled() : [];
    if (as === "json") terminal.json({ ...found, terraformOnly, ...(input.fix ? { fixes, rendered } : {}) });
    for (const job of rendered) if (job.result !== "same") terminal.note(renderedText(job));
    if (fixes.some(({ fixed }) => !fixed) || rendered.some(({ result }) => result === "failed")) return EXIT.failed;
    if (fixes.length === 0) return hasDrift(found) ? EXIT.changes : EXIT.ok;
    terminal.note(term`watch it come back with: cdk-nomad status ${shellQuoted(input.environment)}`);
    return belongings.strays.length + belongings.leftovers.length + belongings.foreign.length > 0
      ? EXIT.changes
      : EXIT.ok;
  };
  return input.fix
    ? withStackToChange(input, context, compare, { instead: "deploy", judgesOthers: true })
    : withStack(input, context, (stack) => compare(stack));
}

/** What became of a job whose templates read what was put right. */
function renderedText({ job, result, reasons, diagnoses }: RenderedJob): TerminalText {
  if (result === "restarted") return term`${GOOD} ${job} is healthy with what its templates read now`;
  const head = term`${BAD} ${job}: its templates changed with what they read in Consul, and it is not well since`;
  return joinLines([wrap(head, { hanging: 2 }), ...reasonLines(reasons), ...diagnoses.map(diagnosisText)]);
}

function fixText({ name, fixed, reason = "" }: Fix): TerminalText {
  return wrap(fixed ? term`${GOOD} ${name} is put right` : term`${BAD} ${name}: ${reason}`, { hanging: 2 });
}

function driftText(found: Drift, { fix }: { readonly fix: boolean }): TerminalText {
  const { environment, jobs, consul, unchanged, strays = [], leftovers = [], foreign = [] } = found;
  const ways = waysOut(found, { fixing: fix });
  if (!hasDrift(found))
    return term`${GOOD} ${environment} is as the program says: ${unchanged} ${unchanged === 1 ? term`job` : term`jobs`}`;
  return joinLines([
    term`${ATTENTION} ${style.bold(environment)} is not as the program says: ${driftCounts(found)}`,
    ...jobs.flatMap((job) => [term``, ...jobText(job)]),
    ...(consul.length > 0 ? [term``] : []),
    ...consul.flatMap((change) => [
      term`${style.bold(consulName(change))} ${IN_CONSUL[change.change]}`,
      ...change.fields.flatMap((field) => fieldText(field, 2)),
      ...readersText(change, 2),
    ]),
    ...(strays.length + leftovers.length + foreign.length > 0 ? [term``] : []),
    ...strays.map(({ job }) => term`${style.bold(job)} ${strayInWords(environment)}`),
    ...leftovers.map((item) => term`${style.bold(thingInConsul(item))} ${leftoverInWords(environment)}`),
    ...foreign.map(({ job, owner }) => term`${style.bold(job)} is a job of ${owner}`),
    ...(ways.length > 0 ? [term``] : []),
    ...ways.map((words) => wrap(term`${words}`, { hanging: 2 })),
  ]);
}

function jobText(job: JobDrift): readonly TerminalText[] {
  const which =
    job.version === undefined
      ? term``
      : style.dim(term` (version ${job.version} of ${job.submitted ?? "unknown time"})`);
  return [
    term`${style.bold(job.job)} ${driftInWords(job)}${which}`,
    ...job.groups.flatMap((group) => [
      wrap(term`group ${group.name}: ${groupInWords(group, "place")}`, { indent: 2, hanging: 2 }),
      ...(group.blocked === undefined ? [] : [wrap(term`no node: ${group.blocked}`, { indent: 4, hanging: 2 })]),
    ]),
    ...job.fields.flatMap((field) => fieldText(field, 2)),
  ];
}
