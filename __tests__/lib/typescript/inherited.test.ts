import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { Driver, Job, type JobProps } from "../../../lib";
import { effective, withoutDefaults } from "../../../lib/jobspec/host";
import { toTypeScript } from "../../../lib/typescript";
import { comparable, corpus, testWithCorpus } from "../../support/corpus";
import { differences } from "../../support/differences";
import { draws } from "../../support/draws";
import { countsOf, inheritance, settingsOf } from "../../support/inheritance";
import { meshJobs } from "../../support/mesh-groups";

const LIBRARY = join(__dirname, "../../../lib");
let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "cdk-nomad-inherited-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let written = 0;

/** The job that a module exports which was written for this one. */
async function imported(job: Job): Promise<Job> {
  const file = join(folder, `job${(written += 1)}.ts`);
  writeFileSync(file, await toTypeScript([{ job }], { from: LIBRARY }));
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- a module that was just written
  const [exported] = Object.values(require(file) as Record<string, Job>);
  if (!exported) throw new Error("nothing is exported");
  return exported;
}

const drawn = inheritance.map(
  ({ type, job, group, task, onUpdate, count, least }) =>
    new Job({
      id: "drawn",
      type,
      ...settingsOf(job),
      groups: [
        {
          name: "g",
          ...settingsOf(group),
          ...countsOf({ type, count, least }),
          services: [
            { name: "s", port: "80", onUpdate: onUpdate.service, checks: [{ type: "tcp", onUpdate: onUpdate.check }] },
          ],
          tasks: [{ name: "t", driver: Driver.rawExec({ command: "/bin/true" }), ...settingsOf({ restart: task }) }],
        },
      ],
    } as unknown as JobProps),
);

/** The same with or without what nobody has to write. */
function whole(job: Job): unknown {
  return comparable(effective(job), true);
}

test("what undoes an inherited setting is written", async () => {
  await fc.assert(
    fc.asyncProperty(drawn, async (job) => {
      expect(whole(await imported(job))).toEqual(whole(job));
    }),
    { numRuns: draws(15) },
  );
});

test("a job read from a server without its defaults is the same job", () => {
  fc.assert(
    fc.property(drawn, (job) => {
      expect(whole(Job.fromApi(withoutDefaults(effective(job))))).toEqual(whole(job));
    }),
    { numRuns: draws(100) },
  );
});

/** Jobs of the mesh that a server takes. */
const ofMesh = meshJobs
  .map((json) => Job.fromApi(json))
  .filter((job) => job.validate().every(({ severity }) => severity !== "error"));

test("a job of the mesh is the same once it was registered, read without its defaults, and written", async () => {
  await fc.assert(
    fc.asyncProperty(ofMesh, async (job) => {
      const read = Job.fromApi(withoutDefaults(effective(job)));
      expect(whole(read)).toEqual(whole(job));
      expect(whole(await imported(read))).toEqual(whole(job));
    }),
    { numRuns: draws(15) },
  );
});

test("a volume is written under the key by which its mounts name it, whatever else JSON calls it", async () => {
  const volumes = { data: { Name: "x", Type: "host", Source: "s" }, other: { Type: "host", Source: "s" } };
  const task = { Name: "t", Driver: "docker", VolumeMounts: [{ Volume: "data", Destination: "/d" }] };
  const job = Job.fromApi({ ID: "a", TaskGroups: [{ Name: "g", Volumes: volumes, Tasks: [task] }] });
  const made = (await imported(job)).toApi() as { Job: { TaskGroups: [{ Volumes: unknown }] } };
  expect(made.Job.TaskGroups[0].Volumes).toMatchObject({ data: { Name: "x" }, other: { Source: "s" } });
});

/** An empty map is the same as none to Nomad, and an identity that a server's own configuration gives is given again. */
const SAME = /: undefined is (?:\{\}|.*"Name":"(?:consul_default|consul-service_)[^"]*".*)$/;

testWithCorpus("every real job is the same once it was registered and imported without its defaults", () => {
  const wrong = [...corpus(), ...corpus("corpus-2.json")].flatMap(({ job: json, name, accepted }) => {
    if (!accepted) return [];
    const job = Job.fromApi(json);
    const again = whole(Job.fromApi(withoutDefaults(effective(job))));
    const different = differences(again, whole(job)).filter((difference) => !SAME.test(difference));
    return different.map((difference) => `${name} ${difference}`);
  });
  expect(wrong).toEqual([]);
});
