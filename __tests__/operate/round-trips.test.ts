import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { RECORD_ROOT } from "../../lib/stack-record";
import { clusterForSuite } from "../support/cluster";
import { APP, flat, type Said } from "../support/project";
import { cli, environment } from "../support/run-cli";
import { cdktf, whyNoProviders } from "../support/terraform";
import type { RecordedProgram } from "./programs/recorded-jobs";

// One stack by the two roads in turn, with the real providers: neither shows the other one's work as a change, and both write the same record.

const reason = whyNoProviders();
if (reason !== undefined) console.log(`skipped: round trips between cdktf deploy and cdk-nomad deploy; ${reason}`);
const withProviders = reason === undefined ? describe : describe.skip;

/** A change of the program, and who brings it. */
interface Round {
  readonly road: "cdktf" | "cdk-nomad";
  readonly what: string;
  readonly version?: string;
  readonly change?: Partial<RecordedProgram>;
  /** Whether what the program lost is said to go: what Terraform registered last has no word of the stack that brought it. */
  readonly prune?: true;
  /**
   * What Terraform plans afterwards: it adds to its state what the other road brought first, and takes out what the other road stopped. Default: nothing.
   */
  readonly books?: readonly string[];
  /** Jobs that the round changes, brings or stops. */
  readonly jobs: readonly string[];
}

const ROUNDS: readonly Round[] = [
  { road: "cdk-nomad", what: "a variable", version: "1.1", jobs: ["a", "b", "c"] },
  { road: "cdktf", what: "a variable", version: "1.2", jobs: ["a", "b", "c"] },
  {
    road: "cdk-nomad",
    what: "a job more",
    change: { jobs: ["a", "b", "c", "d"] },
    books: ["nomad_job.d created"],
    jobs: ["d"],
  },
  { road: "cdktf", what: "another job more", change: { jobs: ["a", "b", "c", "d", "e"] }, jobs: ["e"] },
  { road: "cdk-nomad", what: "counts", change: { count: 2 }, jobs: ["a", "b", "c", "d", "e"] },
  { road: "cdktf", what: "counts", change: { count: 1 }, jobs: ["a", "b", "c", "d", "e"] },
  {
    road: "cdk-nomad",
    what: "a job less, intentions and keys more",
    prune: true,
    change: { jobs: ["a", "c", "d", "e"], intentions: ["a"], prefixes: ["recorded", "more"] },
    // The keys are imported; what differs is that one of their values is sensitive, which a state learns of the program.
    books: [
      "consul_config_entry.intentions-a_entry created",
      "consul_key_prefix.keys-more_values updated in-place",
      "nomad_job.b destroyed",
    ],
    jobs: ["b"],
  },
  { road: "cdktf", what: "another job less", change: { jobs: ["a", "d", "e"] }, jobs: ["c"] },
  { road: "cdk-nomad", what: "a field of all jobs", change: { sleep: 7200 }, jobs: ["a", "d", "e"] },
  { road: "cdktf", what: "intentions and keys less", change: { intentions: [], prefixes: ["recorded"] }, jobs: [] },
];

withProviders("cdktf deploy and cdk-nomad deploy in turn", () => {
  const cluster = clusterForSuite({ program: join(__dirname, "programs/recorded-jobs.ts") });
  const { project } = cluster;
  beforeAll(() => {
    const settings = { language: "typescript", app: APP, projectId: "roads" };
    writeFileSync(join(project.folder, "cdktf.json"), JSON.stringify(settings));
  });

  let version = "0.1.0";
  const terraform = (command: string, ...more: readonly string[]): Promise<Said> => {
    const args = [command, "dev", "--skip-provider-lock", `--var=image_version=${version}`, ...more];
    return cdktf(project.folder, args, cluster.environment);
  };
  const direct = (command: string, ...more: readonly string[]): Promise<Said> =>
    cli([command, "dev", "--var", `image_version=${version}`, ...more], {
      cwd: project.folder,
      env: environment(cluster.environment),
    });
  const deploy = ({ road, prune }: Round) =>
    road === "cdktf" ? terraform("deploy", "--auto-approve") : direct("deploy", ...(prune ? ["--prune"] : []));

  const record = async () => [...(await cluster.consul.values(RECORD_ROOT))].map(([path, { value }]) => [path, value]);
  /** Jobs by their ids: the index of what is registered, or that they are stopped. */
  const jobs = async () => {
    const all = await cluster.nomad.jobs();
    const held = await Promise.all(all.map(async ({ ID }) => [ID, await cluster.nomad.job(ID)] as const));
    return new Map(held.map(([id, job]) => [id, job?.Stop === true ? "stopped" : job?.JobModifyIndex]));
  };
  /** What Terraform says that it would do, but for outputs. */
  const planned = ({ stdout }: Said) =>
    [
      ...stdout.matchAll(
        /# (\S+)(?: \([^)]*\))? (?:will|must) be (created|destroyed|imported|replaced|updated in-place|read)/g,
      ),
    ]
      .map(([, address, change]) => `${address} ${change}`)
      // What a resource depends on names it, with a hash of the place where it stands.
      .map((line) => line.replace(/_[0-9A-F]{8}(?= )/, ""))
      .sort();

  test("ten changes: neither road shows one that nobody made, and the record is the same to the byte", async () => {
    let program: RecordedProgram = { jobs: ["a", "b", "c"] };
    project.change(program);
    const first = await terraform("deploy", "--auto-approve");
    expect([first.code, first.stdout]).toEqual([0, expect.stringContaining("Apply complete")]);
    for (const round of ROUNDS) {
      const { road, what, books = [] } = round;
      version = round.version ?? version;
      program = { ...program, ...round.change };
      project.change(program);
      const before = await jobs();
      const deployed = await deploy(round);
      expect([what, deployed.code, deployed.code === 0 ? "" : flat(deployed)]).toEqual([what, 0, ""]);
      const [after, written] = [await jobs(), await record()];
      // Terraform forgets the jobs that it stops.
      const stateOf = (all: typeof after, id: string) => all.get(id) ?? "stopped";
      const ids = [...new Set([...before.keys(), ...after.keys()])];
      const changed = ids.filter((id) => stateOf(before, id) !== stateOf(after, id));
      expect([road, what, changed.sort()]).toEqual([road, what, round.jobs]);

      const diff = await terraform("diff");
      expect([road, what, diff.code, planned(diff)]).toEqual([road, what, 0, books]);
      for (const command of ["preview", "drift"]) {
        const said = await direct(command);
        expect([road, what, command, said.code, said.code === 0 ? "" : flat(said)]).toEqual([
          road,
          what,
          command,
          0,
          "",
        ]);
      }
      // Where Terraform's plan has the record among what does not change, it would write the same bytes.
      const again = road === "cdktf" ? await direct("deploy") : { code: 0 };
      expect([what, again]).toEqual([what, expect.objectContaining({ code: 0 })]);
      expect([road, what, await record()]).toEqual([road, what, written]);
      expect([road, what, await jobs()]).toEqual([road, what, after]);
    }
    expect((await terraform("destroy", "--auto-approve")).code).toBe(0);
    // What the other road stopped stands in the record until that road destroys it: Terraform does not know of it.
    const stopped = JSON.stringify([{ id: "b", stopped: true }]);
    expect(await record()).toEqual([[expect.stringMatching(/\/others\/0$/), stopped]]);
    const rest = await direct("destroy", "--yes");
    expect([rest.code, rest.code === 0 ? "" : flat(rest)]).toEqual([0, ""]);
    expect([await record(), [...(await jobs()).keys()]]).toEqual([[], []]);
  }, 1_800_000);

  test("a record that a server would not take is refused while Terraform plans, before anything is there", async () => {
    await cluster.purge();
    project.change({ jobs: ["web"], consul: false } satisfies RecordedProgram);
    version = "x".repeat(64 * 1024);
    const said = await terraform("deploy", "--auto-approve");
    expect([said.code, flat(said)]).toEqual([1, expect.stringContaining("Resource postcondition failed")]);
    expect(await cluster.nomad.jobs()).toEqual([]);
  });
});
