import fc from "fast-check";
import { NomadClient, nomadConnection, type JobJson } from "../../../lib/nomad";
import { register, type RegisterOptions } from "../../../lib/operations/plan";
import { draws } from "../../support/draws";
import { ReplayServer, type Asked, type Reply } from "../../support/replay";
import { Masking } from "../../../lib/masking";

type Kind = "scaled" | "not scaled" | "new";

/** What somebody else does around one registration. */
interface Round {
  /** Counts that are asked for before the server reads the registration. */
  readonly early: readonly number[];
  /** Between the server's look at the index and its write. */
  readonly during: readonly number[];
  /** Of the job that was there before the write, but written after it. */
  readonly stale: readonly number[];
  /** After the write. */
  readonly late: readonly number[];
}

interface Group {
  readonly Name: string;
  readonly Count: number;
  readonly Scaling?: { readonly Min: number; readonly Max: number; readonly Enabled: boolean };
}

/**
 * A Nomad as far as races go: it compares the index before it writes and not as it writes, scales the job that it read before, begins a
 * version with every write, and keeps the counts at its write, or, as releases before 1.11, where it looks at the index.
 */
class RacingNomad {
  readonly versions: JobJson[] = [];
  /** The count that was acknowledged last. */
  asked: number | undefined;
  #index = 10;

  constructor(
    job: JobJson,
    private readonly rounds: Round[],
    private readonly keepsAtWrite: boolean,
  ) {
    this.write(job);
  }

  get newest(): JobJson {
    const [newest] = this.versions;
    if (!newest) throw new Error("there is no version");
    return newest;
  }

  write(job: JobJson): void {
    this.#index += 10;
    this.versions.unshift({ ...job, JobModifyIndex: this.#index, Version: this.versions.length });
  }

  scale(count: number, of = this.newest): void {
    this.write(withCount(of, count));
    this.asked = count;
  }

  put = ({ body }: Asked): Reply => {
    const { Job: job, JobModifyIndex, PreserveCounts } = body as Record<string, never> & { readonly Job: JobJson };
    const round = this.rounds.shift() ?? { early: [], during: [], stale: [], late: [] };
    round.early.forEach((count) => this.scale(count));
    const now = this.newest.JobModifyIndex as number;
    if (now !== JobModifyIndex) return { status: 500, body: `Enforcing job modify index ${String(JobModifyIndex)}` };
    const read = this.newest;
    round.during.forEach((count) => this.scale(count));
    const before = this.newest;
    this.write(PreserveCounts ? keeping(job, this.keepsAtWrite ? before : read) : job);
    const reply = { body: { EvalID: "1", JobModifyIndex: this.#index } };
    round.stale.forEach((count) => this.scale(count, before));
    round.late.forEach((count) => this.scale(count));
    return reply;
  };

  /** The keys of a map come in another order each time. */
  readonly list = (): Reply => ({
    body: { Versions: this.versions.slice(0, 40).map((version, at) => (at % 2 ? reversed(version) : version)) },
  });
}

const groups = (job: JobJson) => job.TaskGroups as readonly Group[];
const withCount = (job: JobJson, count: number): JobJson => ({
  ...job,
  TaskGroups: groups(job).map((group) => (group.Name === "api" ? { ...group, Count: count } : group)),
});
const keeping = (job: JobJson, held: JobJson): JobJson => ({
  ...job,
  TaskGroups: groups(job).map((group) => ({
    ...group,
    Count: groups(held).find(({ Name }) => Name === group.Name)?.Count ?? group.Count,
  })),
});
const reversed = (job: JobJson): JobJson => ({
  ...job,
  Meta: Object.fromEntries(Object.entries(job.Meta as object).reverse()),
});

const jobOf = (count: number, { release = 1, fixed = 2, max = 9, policy = true } = {}): JobJson => ({
  ID: "web",
  Priority: 50,
  Meta: { release: String(release), team: "shop" },
  TaskGroups: [
    { Name: "api", Count: count, ...(policy ? { Scaling: { Enabled: true, Min: 1, Max: max } } : {}) },
    { Name: "fixed", Count: fixed },
  ],
});

/** Registers release 2 of a job with three allocations. @param kind whether it has a policy for its counts, or was not there when it was planned */
async function race(
  server: RacingNomad,
  wanted: JobJson,
  { kind = "scaled", ...lead }: Pick<RegisterOptions, "onTaken" | "onTookBack"> & { readonly kind?: Kind } = {},
): Promise<number> {
  const held = kind === "scaled" ? server.newest : undefined;
  const modifyIndex = kind === "new" ? 0 : Number(server.newest.JobModifyIndex);
  const replay = new ReplayServer({ "PUT /v1/jobs": server.put, "GET /v1/job/web/versions": server.list });
  const evaluations = { body: [] };
  replay.set({ "GET /v1/job/web/evaluations": evaluations });
  await replay.open();
  const nomad = new NomadClient(nomadConnection({ NOMAD_ADDR: replay.address }));
  const plan = { job: "web", path: "lab/web", change: "update" as const, groups: [], fields: [], warnings: [] };
  try {
    const planned = { plan: { ...plan, modifyIndex }, job: wanted, held };
    return (await register(planned, { nomad, masking: new Masking(), recheckAfter: [0, 0], ...lead })).JobModifyIndex;
  } finally {
    await nomad.close();
    await replay.close();
  }
}

const counts = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 2 });
const rounds = fc.array(fc.record({ early: counts, during: counts, stale: counts, late: counts }), { maxLength: 4 });

test("whatever an autoscaler does around a registration, the newest version is the program's, with the count asked for last", async () => {
  await fc.assert(
    fc.asyncProperty(
      rounds,
      fc.record({ fixed: fc.constantFrom(2, 3), max: fc.constantFrom(9, 4) }),
      fc.boolean(),
      async (drawn, change, keepsAtWrite) => {
        const server = new RacingNomad(jobOf(3), [...drawn], keepsAtWrite);
        const index = await race(server, jobOf(3, { release: 2, ...change }));
        const count = Math.min(server.asked ?? 3, change.max);
        expect(server.newest).toMatchObject(jobOf(count, { release: 2, ...change }));
        expect(index).toBe(server.newest.JobModifyIndex);
      },
    ),
    { numRuns: draws(25) },
  );
});

test("a count that no policy owns is the program's, and one that somebody changed meanwhile is said", async () => {
  const server = new RacingNomad(jobOf(3, { policy: false }), [{ early: [7], during: [], stale: [], late: [] }], true);
  await expect(race(server, jobOf(4, { release: 2, policy: false }))).rejects.toThrow(/changed by somebody else/);
  expect(groups(server.newest)[0]?.Count).toBe(7);
});

describe("what else somebody changes", () => {
  test("before the registration is left as it is, and said", async () => {
    const server = new RacingNomad(jobOf(3), [], true);
    const racing = race(server, jobOf(3, { release: 2 }));
    server.write({ ...server.newest, Priority: 70 });
    await expect(racing).rejects.toThrow(/was changed by somebody else since it was planned/);
    expect(server.newest.Priority).toBe(70);
  });

  test("at its very moment is said to be taken back", async () => {
    const server = new RacingNomad(jobOf(3), [], true);
    const put = server.put;
    server.put = (asked) => {
      const reply = put(asked);
      const ours = server.versions.shift();
      server.write({ ...server.newest, Priority: 70 });
      server.write({ ...ours, ID: "web" });
      return { ...reply, body: { EvalID: "1", JobModifyIndex: server.newest.JobModifyIndex } };
    };
    await expect(race(server, jobOf(3, { release: 2 }))).rejects.toThrow(/at the very moment.*took that change back/);
  });

  test("after it stays: what becomes of the registration is for whoever watches", async () => {
    const server = new RacingNomad(jobOf(3), [], true);
    const put = server.put;
    server.put = (asked) => {
      const reply = put(asked);
      server.write({ ...server.newest, Priority: 70 });
      return reply;
    };
    const index = await race(server, jobOf(3, { release: 2 }));
    expect([index, server.newest.Priority]).toEqual([30, 70]);
  });
});

describe.each(["scaled", "not scaled", "new"] as const)(
  "of two registrations of the first job of a stack, which a server took both (%s)",
  (kind) => {
    const release = (number: number) => jobOf(3, { release: number });
    // Another deployment writes just before or just after ours, and the server has looked at the index before both.
    const both = (order: "ours first" | "ours last") => {
      const server = new RacingNomad(release(1), [], true);
      if (kind === "new") server.versions.shift();
      server.put = ({ body }) => {
        const { Job: ours } = body as { readonly Job: JobJson };
        const rising = order === "ours first" ? [ours, release(3)] : [release(3), ours];
        rising.forEach((job) => server.write(job));
        const index = server.versions.find(({ Meta }) => (Meta as { release: string }).release === "2")?.JobModifyIndex;
        return { body: { EvalID: "1", JobModifyIndex: index } };
      };
      return server;
    };

    test("the older one is refused before anything follows it", async () => {
      const onTaken = jest.fn();
      const racing = race(both("ours first"), release(2), { kind, onTaken, onTookBack: jest.fn() });
      await expect(racing).rejects.toThrow(/was changed by somebody else since it was planned/);
      expect(onTaken).not.toHaveBeenCalled();
    });

    test("the newer one goes on, and what it took back is told", async () => {
      const onTaken = jest.fn();
      const told: string[] = [];
      const onTookBack = ({ message }: Error) => void told.push(message);
      await race(both("ours last"), release(2), { kind, onTaken, onTookBack });
      expect(onTaken).toHaveBeenCalled();
      expect(told).toEqual([expect.stringMatching(/at the very moment.*took that change back/)]);
    });

    test.each([
      ["before", [release(2), release(2)], false],
      ["before, after another's", [release(3), release(2), release(2)], true],
      ["after", [release(2), release(2)], false],
    ] as const)(
      "one that is the same, written just %s ours, is nobody else's change",
      async (when, rising, tookBack) => {
        const server = both("ours last");
        server.put = () => {
          rising.forEach((job) => server.write(job));
          const [last, first] = server.versions;
          return { body: { EvalID: "1", JobModifyIndex: (when === "after" ? first : last)?.JobModifyIndex } };
        };
        const [onTaken, onTookBack] = [jest.fn(), jest.fn()];
        await race(server, release(2), { kind, onTaken, onTookBack });
        expect(onTaken).toHaveBeenCalled();
        expect(onTookBack.mock.calls).toHaveLength(tookBack ? 1 : 0);
      },
    );

    test("one that came after ours counts, also where ours took another one back", async () => {
      const server = both("ours last");
      server.put = () => {
        [release(3), release(2), release(4)].forEach((job) => server.write(job));
        return { body: { EvalID: "1", JobModifyIndex: server.versions[1]?.JobModifyIndex } };
      };
      const [onTaken, onTookBack] = [jest.fn(), jest.fn()];
      const racing = race(server, release(2), { kind, onTaken, onTookBack });
      await expect(racing).rejects.toThrow(/was changed by somebody else since it was planned/);
      expect([onTaken.mock.calls, onTookBack.mock.calls]).toEqual([[], []]);
    });

    test("one that is the same is nobody else's change", async () => {
      const server = both("ours last");
      const { put } = server;
      server.put = (asked) => {
        const reply = put(asked);
        server.versions.splice(1, 1);
        return reply;
      };
      const onTaken = jest.fn();
      await race(server, release(2), { kind, onTaken });
      expect(onTaken).toHaveBeenCalled();
    });
  },
);

test("counts that never rest are said", async () => {
  const never = Array.from({ length: 60 }, () => ({ early: [], during: [], stale: [5], late: [] }));
  const server = new RacingNomad(jobOf(3), never, true);
  await expect(race(server, jobOf(3, { release: 2 }))).rejects.toThrow(/changed again and again/);
});
