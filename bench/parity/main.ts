import { Command } from "commander";
import pLimit from "p-limit";
import { formatProblem, pathText, type Problem, UserError } from "../../lib/errors";
import { Job, type Target } from "../../lib/jobspec";
import { apiPathOf } from "../../lib/jobspec/engine";
import { bases, type Base } from "./bases";
import { draw, graftsOf, mutate, randomFrom, sitesOf, type Json, type Mutation } from "./draw";
import { ask, targetOfServer, withServer, type Verdict } from "./server";

interface Tally {
  accepted: number;
  refused: number;
  falseAlarms: number;
  missed: number;
  /** Of the jobs that both refuse, how many are refused in the block that was changed, or around or inside it. */
  samePlace: number;
  /** Of the jobs that the server takes with a warning, how many have none here. */
  warned: number;
  unwarned: number;
}

/** Draws changes to jobs, asks a server and this library about each, and prints where the two disagree. */
async function main(): Promise<void> {
  const program = new Command("parity")
    .description("Holds job.validate() against a Nomad server's verdict on freshly drawn changes to real jobs.")
    .option("--seed <number>", "draws the same changes again", "1")
    .option("--count <number>", "how many changes", "2000")
    .option("--changes <number>", "changes to one job at a time", "1")
    .option("--corpus <file>", "jobs to change, beside the project's own")
    .option(
      "--nomad <path>",
      "the program of the server that is asked, of any version (default: the one of NOMAD_ADDR, else the embedded one)",
    )
    .addHelpText(
      "after",
      "\nExamples:\n  npm run parity -- --seed 7 --count 10000\n  npm run parity -- --nomad ~/nomad-2.0.5/nomad --count 2000\n",
    )
    .parse();
  const options = program.opts<{ seed: string; count: string; changes: string; corpus?: string; nomad?: string }>();
  const jobs = await bases(options.corpus === undefined ? undefined : [options.corpus]);
  const tally = await withServer(options.nomad, (address) =>
    compare(address, jobs, {
      seed: Number(options.seed),
      count: Number(options.count),
      changes: Number(options.changes),
    }),
  );
  report(tally);
  if (tally.falseAlarms > 0 || tally.missed > tally.refused * 0.03) process.exitCode = 1;
}

/** Questions that the server is asked at once. */
const AT_ONCE = 8;

interface Plan {
  readonly seed: number;
  readonly count: number;
  readonly changes: number;
}

async function compare(address: string, jobs: readonly Base[], plan: Plan): Promise<Tally> {
  const random = randomFrom(plan.seed);
  const sites = new Map(jobs.map((base) => [base, sitesOf(base.job)]));
  const tally: Tally = { accepted: 0, refused: 0, falseAlarms: 0, missed: 0, samePlace: 0, warned: 0, unwarned: 0 };
  const grafts = graftsOf(sites.values());
  const target = await targetOfServer(address);
  console.log(
    `the server is Nomad ${target.nomadVersion}${target.enterprise ? " Enterprise" : ""}, and so is the target`,
  );
  const questions: { readonly base: Base; readonly drawn: readonly Mutation[]; readonly job: Json }[] = [];
  for (let round = 0; round < plan.count; round += 1) {
    const base = jobs[Math.floor(random() * jobs.length)] as Base;
    const drawn = Array.from({ length: plan.changes }, () => draw(sites.get(base) ?? [], grafts, random)).filter(
      (mutation) => mutation !== undefined,
    );
    const job = applied(base.job, drawn);
    if (job) questions.push({ base, drawn, job });
  }
  const limit = pLimit(AT_ONCE);
  const compareOne = async ({ base, drawn, job }: (typeof questions)[number]) => {
    const verdict = await ask(address, job);
    if (!verdict.ofCluster) count(tally, base.name, drawn, verdict, judge(job, target));
  };
  await Promise.all(questions.map((question) => limit(compareOne, question)));
  return tally;
}

/** The job with all changes made; nothing where one took the place of another away. */
function applied(job: Json, mutations: readonly Mutation[]): Json | undefined {
  try {
    return mutations.reduce(mutate, job);
  } catch {
    return undefined;
  }
}

interface Judged {
  readonly errors: readonly Problem[];
  readonly warnings: readonly Problem[];
  readonly job: Job | undefined;
}

function judge(json: Json, target: Target): Judged {
  try {
    const { job, problems } = Job.read(json);
    const found = [...problems, ...(job?.validate(target) ?? [])];
    const errors = found.filter(({ severity }) => severity === "error");
    return { job, errors, warnings: found.filter(({ severity }) => severity === "warning") };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { job: undefined, errors: error.problems, warnings: [] };
  }
}

function count(
  tally: Tally,
  name: string,
  mutations: readonly Mutation[],
  verdict: Verdict,
  { errors, warnings, job }: Judged,
): void {
  const changed = mutations
    .map((m) => `${m.kind} ${m.block}.${m.field} = ${JSON.stringify(m.value)}`)
    .join(", ")
    .slice(0, 160);
  if (verdict.accepted) {
    tally.accepted += 1;
    if (verdict.warnings !== "") warned(tally, `${name}  ${changed}`, verdict.warnings, warnings);
    if (errors.length === 0) return;
    tally.falseAlarms += 1;
    const ours = errors.map((problem) => `${formatProblem(problem)} [${problem.rule}]`).join("; ");
    console.log(`false alarm  ${name}  ${changed}\n             ours: ${ours}`);
    return;
  }
  tally.refused += 1;
  if (errors.length === 0) {
    tally.missed += 1;
    console.log(
      `missed       ${name}  ${changed}\n             server: ${verdict.errors.join("; ").replaceAll(/\s+/g, " ").slice(0, 400)}`,
    );
  } else if (!job || errors.some((problem) => mutations.some((mutation) => isNear(mutation, job, problem)))) {
    tally.samePlace += 1;
  } else {
    const ours = errors.map((problem) => `${pathText(problem.path)} [${problem.rule}]`).join("; ");
    const said = verdict.errors.join("; ").replaceAll(/\s+/g, " ").slice(0, 200);
    console.log(`elsewhere    ${name}  ${changed}\n             ours: ${ours}\n             server: ${said}`);
  }
}

function warned(tally: Tally, what: string, said: string, warnings: readonly Problem[]): void {
  tally.warned += 1;
  if (warnings.length > 0) return;
  tally.unwarned += 1;
  console.log(`no warning   ${what}\n             server: ${said.replaceAll(/\s+/g, " ").slice(0, 400)}`);
}

/** Whether a problem stands in the changed block, around it or inside it. */
function isNear({ path }: Mutation, job: Job, problem: Problem): boolean {
  const block = path.slice(0, -1);
  const found = apiPathOf(job, problem.path);
  const shared = Math.min(block.length, found.length);
  return block.slice(0, shared).every((step, index) => step === found[index]);
}

function report({ accepted, refused, falseAlarms, missed, samePlace, warned, unwarned }: Tally): void {
  const share = (part: number, whole: number) => (whole === 0 ? "–" : `${((100 * part) / whole).toFixed(1)} %`);
  console.log(`accepted by the server  ${accepted}, of these refused here   ${falseAlarms}`);
  console.log(
    `refused by the server   ${refused}, of these refused here   ${refused - missed} (${share(refused - missed, refused)})`,
  );
  console.log(
    `refused by both         ${refused - missed}, at the same place        ${samePlace} (${share(samePlace, refused - missed)})`,
  );
  console.log(`warned of by the server ${warned}, of these warned of here    ${warned - unwarned}`);
}

void main();
