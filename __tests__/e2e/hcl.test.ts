import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError, type Job } from "../../lib";
import { binaryHere } from "../support/binaries";
import { commandParser, readRunningJob, serverParser, type HclParser } from "../../lib/operations";
import { clusterForSuite } from "../support/cluster";
import { comparable, corpus, testWithCorpus } from "../support/corpus";
import { FIXED_CASES, nomadsOwn, TEXT_CASES, writeFiles, type HclCase } from "../support/hcl-cases";
import { differenceOn, minimalCases } from "../support/recorded-verdicts";
import { cli, environment } from "../support/run-cli";

const cluster = clusterForSuite();
let program: string;
let folder: string;

beforeAll(async () => {
  program = (await binaryHere("nomad")).path;
});
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "cdk-nomad-hcl-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What is read of a case; undefined where it is refused. */
async function jobOf(parse: HclParser, { hcl }: HclCase): Promise<unknown> {
  try {
    const json = (await parse("job.nomad.hcl", hcl)) as { readonly Job?: unknown };
    return comparable(json.Job ?? json);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

function byCommand({ variables = {} }: HclCase): HclParser {
  const env = { HOME: folder, ...variables.env };
  return commandParser({ program: () => Promise.resolve(program), variables: { ...variables, env }, cwd: folder });
}

function byServer({ variables = {} }: HclCase): HclParser {
  return serverParser({ nomad: cluster.nomad, variables, cwd: folder });
}

/** Cases that are read otherwise than by the real command. */
async function wrongOf(
  cases: readonly HclCase[],
  parserOf: (entry: HclCase) => HclParser,
): Promise<readonly unknown[]> {
  const wrong: unknown[] = [];
  for (const entry of cases) {
    writeFiles(folder, entry);
    const [here, there] = [await jobOf(parserOf(entry), entry), comparable(nomadsOwn(program, folder, entry))];
    if (JSON.stringify(here) !== JSON.stringify(there)) wrong.push({ name: entry.name, here, there });
  }
  return wrong;
}

describe("HCL and its variables", () => {
  test("are read by the command as nomad job run reads them", async () => {
    const some = TEXT_CASES.filter((_case, index) => index % 24 === 0);
    expect(await wrongOf(some, byCommand)).toEqual([]);
  }, 600_000);

  test("are read by a server as nomad job run reads them, or refused", async () => {
    const some = TEXT_CASES.filter((_case, index) => index % 6 === 0);
    const cases = [...FIXED_CASES, ...some].filter(({ needsFiles }) => needsFiles !== true);
    expect(await wrongOf(cases, byServer)).toEqual([]);
    for (const entry of FIXED_CASES.filter(({ needsFiles }) => needsFiles === true)) {
      writeFiles(folder, entry);
      await expect(byServer(entry)("job.nomad.hcl", entry.hcl)).rejects.toThrow("CDK_NOMAD_NOMAD");
    }
  }, 600_000);

  testWithCorpus("of the corpus are read as they were", async () => {
    for (const { job, hcl, variables } of corpus()) {
      writeFileSync(join(folder, "values.hcl"), variables ?? "");
      const entry: HclCase = { name: "", hcl, variables: variables ? { files: ["values.hcl"] } : {} };
      expect(await jobOf(byCommand(entry), entry)).toEqual(comparable(job));
    }
  });

  testWithCorpus("of small jobs at the borders of rules are judged as servers judged them", () => {
    const cases = minimalCases();
    expect(cases.length).toBeGreaterThan(80);
    expect(cases.flatMap((recorded) => differenceOn(recorded) ?? [])).toEqual([]);
  });

  test("need a server only where no nomad is at hand", async () => {
    writeFileSync(join(folder, "a.conf"), "listen\n");
    const files = {
      plain: 'variable "tag" {}\njob "a" {\n  meta {\n    tag = var.tag\n  }\n}\n',
      reading: 'job "a" {\n  meta {\n    text = file("a.conf")\n  }\n}\n',
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, `${name}.hcl`), text);
    const bin = join(folder, "bin");
    mkdirSync(bin);
    const far = { ...environment(cluster.environment), PATH: bin, CDK_NOMAD_CACHE: join(folder, "cache") };
    const plain = await cli(["render", "plain.hcl", "--var", "tag=one"], { cwd: folder, env: far });
    expect(plain).toMatchObject({ code: 0, stdout: expect.stringContaining('"tag": "one"') as string });
    const reading = await cli(["render", "reading.hcl"], { cwd: folder, env: far });
    expect(reading).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/reading\.hcl:3: .*CDK_NOMAD_NOMAD/s) as string,
    });
    // With a command at hand it is read, whatever the address says.
    const near = { ...far, CDK_NOMAD_NOMAD: program, NOMAD_ADDR: "http://127.0.0.1:1" };
    expect(await cli(["render", "reading.hcl"], { cwd: folder, env: near })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('"text": "listen\\n"') as string,
    });
  });
});

describe("a job of the cluster", () => {
  const SOURCE = `variable "image" {}
variable "ports" { type = list(number) }
job "shop" {
  type = "batch"
  # Never placed.
  group "front" {
    count = 2
    constraint {
      attribute = "\${node.class}"
      value     = "none"
    }
    task "web" {
      driver = "raw_exec"
      config {
        command = "/bin/\${var.image}"
      }
      env {
        ZEBRA = join(",", var.ports)
        APPLE = "1"
      }
    }
  }
}
`;

  /** Submits HCL as people do. */
  function submit(hcl: string, ...args: string[]): void {
    writeFileSync(join(folder, "job.nomad.hcl"), hcl);
    const said = spawnSync(program, ["job", "run", "-detach", ...args, "job.nomad.hcl"], {
      cwd: folder,
      env: { HOME: folder, ...cluster.environment },
      encoding: "utf8",
    });
    expect(said).toMatchObject({ status: 0 });
  }

  const count = (job: Job) => job.group("front")?.count;

  test("is read as it was submitted where that is what runs, with its values and its comments", async () => {
    writeFileSync(join(folder, "a.hcl"), 'image = "wrong"\nports = [\n  1,\n  2,\n]\n');
    writeFileSync(join(folder, "b.hcl"), 'image = "sleep"\n');
    submit(SOURCE, "-var-file=a.hcl", "-var-file=b.hcl");
    const { job, source, note } = await readRunningJob("shop", cluster.nomad);
    expect(note).toBeUndefined();
    expect(source).toBe(SOURCE);
    expect(job.toApi().Job).toMatchObject({
      TaskGroups: [{ Count: 2, Tasks: [{ Config: { command: "/bin/sleep" }, Env: { ZEBRA: "1,2", APPLE: "1" } }] }],
    });
  });

  test("is read as it runs where somebody scaled or edited it, and that is said", async () => {
    submit(SOURCE, "-var=image=sleep", "-var=ports=[1]");
    const scaling = JSON.stringify({ Count: 5, Target: { Group: "front" } });
    const answer = await cluster.ask("nomad", "/v1/job/shop/scale", { method: "PUT", body: scaling });
    expect(answer.status).toBe(200);
    const scaled = await readRunningJob("shop", cluster.nomad);
    expect(count(scaled.job)).toBe(5);
    expect(scaled.note).toContain("TaskGroups[0].Count");
    const said = await cli(["import", "--job", "shop"], { cwd: folder, env: environment(cluster.environment) });
    expect(said).toMatchObject({ code: 0, stdout: expect.stringContaining("count: 5") as string });
    expect(said.stderr.replaceAll(/\s+/g, " ")).toContain("what runs differs from what was submitted");
  });

  test("is read as it runs where its source cannot be read again, as with files of another machine", async () => {
    writeFileSync(join(folder, "word"), "hello");
    submit(SOURCE.replace('"1"', 'file("word")'), "-var=image=sleep", "-var=ports=[1]");
    const { job, note } = await readRunningJob("shop", cluster.nomad);
    expect(note).toMatch(/cannot be read again .*filesystem function/);
    expect(JSON.stringify(job.toApi())).toContain('"APPLE":"hello"');
    await cluster.purge();
  });
});
