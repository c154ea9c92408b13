import { Job, UserError, type Problem } from "../../../lib";
import { changes, corpus, testWithCorpus, type Change } from "../../support/corpus";

function warningsOf(json: unknown): readonly Problem[] {
  const { job, problems } = Job.read(json);
  return [...problems, ...(job?.validate() ?? [])].filter(({ severity }) => severity === "warning");
}

function errorsOf(json: unknown): readonly Problem[] {
  try {
    return Job.fromApi(json)
      .validate()
      .filter(({ severity }) => severity === "error");
  } catch (error) {
    if (error instanceof UserError) return error.problems;
    throw error;
  }
}

function changed(job: unknown, { path, value }: Change): unknown {
  const copy = structuredClone(job);
  let place = copy as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) place = place[key] as Record<string | number, unknown>;
  place[path[path.length - 1] as string] = value;
  return copy;
}

describe("a server's verdicts", () => {
  testWithCorpus("no real job that a server takes is refused, and every one that it refuses is", () => {
    const wrong = corpus()
      .filter(({ dependsOnCluster }) => !dependsOnCluster)
      .filter(({ job, accepted }) => (errorsOf(job).length === 0) !== accepted);
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  testWithCorpus("neither is a changed one", () => {
    const jobs = new Map(corpus().map(({ name, job }) => [name, job]));
    const wrong = changes().filter(
      (change) => (errorsOf(changed(jobs.get(change.base), change)).length === 0) !== change.accepted,
    );
    expect(wrong.map(({ block, field, value }) => `${block}.${field} = ${JSON.stringify(value)}`)).toEqual([]);
  });

  testWithCorpus("what a server takes with a warning has one here", () => {
    const jobs = new Map(corpus().map(({ name, job }) => [name, job]));
    const warned = [
      ...corpus(),
      ...changes().map((change) => ({
        ...change,
        name: `${change.base}: ${change.block}.${change.field}`,
        job: changed(jobs.get(change.base), change),
      })),
    ].filter(({ accepted, warnings }) => accepted && warnings !== "");
    expect(warned.length).toBeGreaterThan(50);
    expect(warned.filter(({ job }) => warningsOf(job).length === 0).map(({ name }) => name)).toEqual([]);
  });
});
