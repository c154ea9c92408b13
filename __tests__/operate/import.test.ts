import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pLimit from "p-limit";
import { Job } from "../../lib";
import { toTypeScript } from "../../lib/typescript";
import { asRegistered } from "../support/as-registered";
import { clusterForSuite } from "../support/cluster";
import { corpus, testWithCorpus } from "../support/corpus";
import { differences } from "../support/differences";
import { exportedJob } from "../support/exported-job";
import { lostComments } from "../support/lost-comments";
import { Project } from "../support/project";

const cluster = clusterForSuite({ program: Project.SMALL_JOBS, acl: "open" });
const LIBRARY = join(__dirname, "../../lib");

type Json = Record<string, unknown>;

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "cdk-nomad-import-"));
  // Jobs are registered and read back alone: some of the real ones crash a scheduler.
  const body = JSON.stringify({ SchedulerAlgorithm: "binpack", PauseEvalBroker: true });
  const { ok } = await cluster.ask("nomad", "/v1/operator/scheduler/configuration", { method: "PUT", body });
  if (!ok) throw new Error("the evaluations of the cluster cannot be paused");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The job as the server holds it once it is registered; undefined where it refuses it. */
async function registered(job: Json, id: string): Promise<Json | undefined> {
  const of = `?namespace=${encodeURIComponent(String(job.Namespace || "default"))}`;
  const path = `/v1/job/${encodeURIComponent(id)}${of}`;
  const body = JSON.stringify({ Job: { ...job, ID: id, Name: job.Name ?? job.ID } });
  const written = await cluster.ask("nomad", `/v1/jobs${of}`, { method: "PUT", body });
  if (!written.ok) return undefined;
  const held = (await (await cluster.ask("nomad", path)).json()) as Json;
  await cluster.ask("nomad", `${path}&purge=true`, { method: "DELETE" });
  return held;
}

testWithCorpus("every real job that is imported and run is to a server the job that it was", async () => {
  const entries = [...corpus(), ...corpus("corpus-2.json")];
  const wrong: string[] = [];
  const limit = pLimit(4);
  let held = 0;
  await Promise.all(
    entries.map(({ name, job, hcl }, index) =>
      limit(async () => {
        const program = await toTypeScript([{ job: Job.fromApi(job), source: hcl }], { from: LIBRARY });
        const file = join(folder, `job${index}.ts`);
        writeFileSync(file, program);
        // eslint-disable-next-line @typescript-eslint/no-require-imports -- a module that was just written
        const again = exportedJob(require(file));
        wrong.push(...lostComments(hcl, program).map((line) => `${name}: lost "${line}"`));
        const id = `${String(job.ID)}-${index}`;
        const before = await registered(job, id);
        const after = await registered(again.toApi().Job, id);
        if (before) held += 1;
        const different = differences(asRegistered(after ?? {}), asRegistered(before ?? {}));
        wrong.push(...different.map((difference) => `${name} ${difference}`));
      }),
    ),
  );
  console.log(`${held} of ${entries.length} jobs were registered as they were and as they were imported`);
  expect(wrong).toEqual([]);
  // Of the second drawing, many need what this cluster has not, such as namespaces.
  expect(held).toBeGreaterThan(entries.length * 0.7);
});

testWithCorpus("every real job that is imported type-checks", async () => {
  const place = join(folder, "typed");
  mkdirSync(place);
  const files = corpus("corpus-2.json").map((_entry, index) => join(place, `job${index}.ts`));
  for (const [index, { job, hcl }] of corpus("corpus-2.json").entries())
    writeFileSync(files[index] ?? "", await toTypeScript([{ job: Job.fromApi(job), source: hcl }], { from: LIBRARY }));
  const tsc = join(__dirname, "../../node_modules/typescript/bin/tsc");
  const options =
    "--ignoreConfig --noEmit --strict --skipLibCheck --target es2024 --module node16 --moduleResolution node16";
  const types = ["--typeRoots", join(__dirname, "../../node_modules/@types"), "--types", "node"];
  const { stdout } = spawnSync(process.execPath, [tsc, ...options.split(" "), ...types, ...files], {
    encoding: "utf8",
  });
  expect(stdout).toBe("");
});
