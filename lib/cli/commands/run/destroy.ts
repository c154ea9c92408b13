import { UserError, type Problem } from "../../../errors";
import {
  destroy as destroyStack,
  findDestruction,
  type Destroyed,
  type Destruction,
  type Owners,
} from "../../../operations";
import { forgetPool, sandboxSlotOf, standingLeases } from "../../../pools";
import { projectIdentity } from "../../../stack-record";
import { joinLines, shellQuoted, style, term, wrap, type TerminalText } from "../../../text";
import { confirm } from "../../confirm";
import { localCluster, type CliContext } from "../../context";
import { EXIT } from "../../exit-codes";
import { lastClusters } from "../../meant-cluster";
import type { OpenStack } from "../../open-stack";
import { askPoolStores, type PoolClients } from "../../pool-stores";
import { ATTENTION, BAD, GOOD } from "../../symbols";
import { withStackToChange } from "../../stack";
import { terraformOnlyLines } from "../../terraform-only";
import { timeFromNow } from "../../watching";
import type { Input } from "../destroy";

/** Takes away everything that a stack brought to a cluster. */
export function run(input: Input, context: CliContext) {
  return withStackToChange(input, context, (stack, owners) => takeAway(stack, owners, input, context), {
    instead: "destroy",
    judgesOthers: true,
    orRecorded: true,
  });
}

async function takeAway(stack: OpenStack, owners: Owners, input: Input, context: CliContext) {
  const { environment: name, contents, nomad, consul } = stack;
  const { terminal, signal } = context;
  const clients = { nomad, consul, signal };
  const { project } = localCluster(context);
  terminal.progress().step("looking for what it brought");
  const { adopt, withoutRecords } = input;
  const finding = { ...clients, masking: terminal.masking, adopt, withoutRecords };
  const found = await findDestruction(name, projectIdentity(project), contents, owners, finding);
  terminal.rest();
  if (found.record.kind === "unreadable")
    terminal.note(
      wrap(
        term`${ATTENTION} the record of ${name} cannot be read, so what is as its program says goes: ${found.record.reason}`,
        {
          hanging: 2,
        },
      ),
    );
  for (const { name: what, reason } of found.kept)
    terminal.note(wrap(term`${ATTENTION} ${what} stays: ${reason}`, { hanging: 2 }));
  const { terraformOnly } = contents;
  for (const line of terraformOnlyLines(contents, "stays", `npx cdktf destroy ${name}`)) terminal.note(line);
  if (found.jobs.length + found.consul.length === 0 && found.record.kind !== "found") {
    const isUnclear = found.kept.some(({ owner }) => owner === undefined);
    if (!isUnclear) await lastClusters(context).forget(name);
    if (input.json)
      terminal.json({ environment: name, jobs: [], consul: [], kept: found.kept, terraformOnly, record: "none" });
    else if (isUnclear)
      terminal.note(term`${ATTENTION} nothing was changed: no record says that any of it is ${name}'s`);
    else terminal.note(term`${GOOD} there is nothing of ${name} on this cluster`);
    return isUnclear ? EXIT.failed : EXIT.ok;
  }
  if (!input.endLeases) await refuseLeased(found, clients);
  refuseUnknown(input.include, found);
  if (input.yes) refuseOnlyRecorded(name, found, input.include);
  else {
    // Also where nobody can be asked: what is refused is what would go.
    terminal.note(listText(name, found));
    const question = term`write ${style.bold(name)} to take all of it away:`;
    if (!(await confirm(question, name, context, { json: input.json }))) {
      terminal.note(term`nothing was changed`);
      return EXIT.failed;
    }
    // Somebody may have claimed something while the question stood there.
    if (!input.endLeases) await refuseLeased(found, clients);
  }
  if (input.yes && !input.json) terminal.note(listText(name, found));
  const done = await destroyStack(found, {
    ...clients,
    until: timeFromNow(input.timeout, context),
    onStep: (text) => terminal.note(term`  ${text}`),
    forgetPool: (pool) => forget(clients, pool),
  });
  if (input.json) terminal.json({ environment: name, ...done, kept: found.kept, terraformOnly });
  else terminal.note(doneText(name, done));
  if (done.jobs.some(({ result }) => result === "stopping")) return EXIT.timedOut;
  if (done.record !== "removed") return EXIT.failed;
  await lastClusters(context).forget(name);
  return found.kept.some(({ owner }) => owner === undefined) ? EXIT.failed : EXIT.ok;
}

/** What nothing but the record says to be the stack's, as somebody names it. What a job launched goes with it. */
function onlyRecorded({ jobs, consul }: Destruction): readonly string[] {
  return [
    ...jobs.flatMap(({ id, parent, onlyRecorded: only }) => (only && parent === undefined ? [id] : [])),
    ...consul.flatMap(({ kind, name, onlyRecorded: only }) => (only ? [`${kind} ${name}`] : [])),
  ];
}

/** Whoever may write records may write anything into them, and need not be somebody who may stop jobs. */
function refuseOnlyRecorded(environment: string, found: Destruction, included: readonly string[]): void {
  const left = onlyRecorded(found).filter((name) => !included.includes(name));
  if (left.length === 0) return;
  const way = left.map((name) => `--include ${shellQuoted(name)}`).join(" ");
  throw UserError.at(
    environment,
    `nothing but its record says that ${left.join(", ")} ${left.length === 1 ? "is its" : "are its"}: the program has no such thing, and nobody registered it for this stack; where it is to go too, add ${way}`,
    "include",
  );
}

function refuseUnknown(included: readonly string[], found: Destruction): void {
  const known = new Set([
    ...found.jobs.map(({ id }) => id),
    ...found.consul.map(({ kind, name }) => `${kind} ${name}`),
  ]);
  const wrong = included.filter((name) => !known.has(name));
  if (wrong.length > 0)
    throw UserError.at(
      "--include",
      `${wrong.join(", ")}: nothing of that name would go; it would be ${[...known].join(", ")}`,
      "include",
    );
}

/** Nobody's containers are taken from under them unasked. */
async function refuseLeased({ pools }: Destruction, clients: PoolClients): Promise<void> {
  const answers = await askPoolStores(pools, clients, async (store, pool, options) => {
    const leases = await standingLeases(store, pool, options);
    return leases.length > 0 ? { leases } : undefined;
  });
  const problems = pools.flatMap((pool) => {
    const answer = answers.get(pool);
    if (answer === undefined) return [];
    if ("unknown" in answer)
      return [at(pool, `whether somebody leases some of it is not known: ${answer.unknown}`, WAITING)];
    const owners = [...new Set(answer.leases.map(({ owner }) => owner))].slice(0, 5).join(", ");
    const count = answer.leases.length === 1 ? "1 lease of it goes" : `${answer.leases.length} leases of it go`;
    // A slot pool has no drain: its slots end with whoever has them.
    const areSlots = answer.leases.some(({ slot }) => sandboxSlotOf(slot) !== undefined);
    return [at(pool, `${count} on (${owners})`, areSlots ? WAITING : DRAINING)];
  });
  if (problems.length > 0) throw new UserError(problems);
}

/** Removes what managers keep of a pool that is no more, wherever it can be read. */
async function forget(clients: PoolClients, pool: string): Promise<void> {
  await askPoolStores([pool], clients, async (store, _pool, options) => {
    await forgetPool(store, pool, options);
    // The other store is asked too.
    return undefined;
  });
}

/** How the leases of a pool end without harm. */
const DRAINING = (pool: string) => `cdk-nomad pool drain ${shellQuoted(pool)} lets them end`;

const WAITING = (pool: string) => `wait until none is left (cdk-nomad pool status ${shellQuoted(pool)} --watch)`;

function at(pool: string, message: string, way: (pool: string) => string): Problem {
  const ways = `${way(pool)}, or end them: --end-leases`;
  return { rule: "pool/leased", path: [pool], message: `${message}; ${ways}`, severity: "error" };
}

const ONLY_RECORDED = term` (nothing but the record says that it is the stack's)`;

function listText(name: string, { jobs, consul }: Destruction): TerminalText {
  if (jobs.length + consul.length === 0)
    return term`${style.bold(name)}: nothing of it is left on this cluster but its record, which goes`;
  return joinLines([
    term`${style.bold(name)}: ${counted(jobs.length, "job")} and ${counted(consul.length, "thing")} in Consul go`,
    ...jobs.map(({ id, region, namespace, parent, onlyRecorded: only }) => {
      const where = [region, namespace].filter((each) => each !== undefined).join(", ");
      const of = parent === undefined ? term`` : style.dim(term` launched by ${parent}`);
      return term`  job ${id}${where === "" ? term`` : term` (${where})`}${of}${only ? ONLY_RECORDED : term``}`;
    }),
    ...consul.map(({ kind, name: of, onlyRecorded: only }) => term`  ${kind} ${of}${only ? ONLY_RECORDED : term``}`),
  ]);
}

function doneText(name: string, { jobs, consul, record }: Destroyed): TerminalText {
  const stopping = jobs.filter(({ result }) => result === "stopping");
  if (stopping.length > 0)
    return joinLines([
      term`${ATTENTION} not all of ${name} has ended yet; go on with: cdk-nomad destroy ${shellQuoted(name)}`,
      ...stopping.flatMap(({ id, waitsFor }) => (waitsFor === undefined ? [] : [term`  ${id}: ${waitsFor}`])),
    ]);
  const again = jobs.filter(({ result }) => result === "again");
  if (again.length > 0)
    return wrap(
      term`${BAD} ${again.map(({ id }) => id).join(", ")} was registered anew meanwhile, by a deployment or by somebody, and runs; what ${name} has in Consul and its record stay`,
      { hanging: 2 },
    );
  const left = consul.filter(({ removed }) => !removed);
  if (left.length > 0)
    return joinLines(
      left.map(({ kind, name: of }) => term`${BAD} ${kind} ${of} was changed meanwhile, or has no prefix, and is left`),
    );
  if (typeof record === "object")
    return wrap(term`${ATTENTION} ${name} is gone but for its record, which could not be removed: ${record.reason}`, {
      hanging: 2,
    });
  if (jobs.length + consul.length === 0) return term`${GOOD} nothing of ${name} is left: its record is gone`;
  return term`${GOOD} nothing of ${name} is left: ${counted(jobs.length, "job")} and ${counted(consul.length, "thing")} in Consul are gone`;
}

function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
