/**
 * Runs in a process of its own: loads somebody's program and writes the jobs that it exports into a file. It imports nothing of this
 * library, since the program's jobs may be those of another copy.
 */
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";

interface ExportedJob {
  readonly id: unknown;
  toApi(): unknown;
  validate(target: unknown): readonly unknown[];
}

const [, , program = "", result = "", target = "{}"] = process.argv;
// The program finds its own name where programs look for it.
process.argv.splice(1, process.argv.length, program);
writeFileSync(result, JSON.stringify(run()));
// Whatever the program still waits for is not waited for.
process.exit(0);

function run(): unknown {
  try {
    const exported = createRequire(program)(program) as unknown;
    const entries = Object.entries(Object(exported) as Record<string, unknown>);
    const jobs = [...new Set(entries.map(([, value]) => value))].filter(isJob);
    const functions = entries.flatMap(([name, value]) => (typeof value === "function" ? [name] : []));
    return { jobs: jobs.map(judged), functions };
  } catch (error) {
    return failure(error);
  }
}

function judged(job: ExportedJob): unknown {
  return { id: String(job.id), api: job.toApi(), problems: job.validate(JSON.parse(target)) };
}

function isJob(value: unknown): value is ExportedJob {
  if (typeof value !== "object" || value === null) return false;
  const { toApi, validate } = value as Partial<ExportedJob>;
  return typeof toApi === "function" && typeof validate === "function";
}

/** What a person is told: the problems of a UserError of any copy of the library, or the message, never the stack. */
function failure(error: unknown): unknown {
  if (!(error instanceof Error)) return { error: String(error) };
  const { problems } = error as { readonly problems?: unknown };
  return error.name === "UserError" && Array.isArray(problems)
    ? { problems }
    : { error: error.message.split("\nRequire stack:", 1)[0] };
}
