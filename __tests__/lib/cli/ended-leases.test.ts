import { renderTerminal, type TerminalText } from "../../../lib/text";
import { endedLeases, inWords, refuseToEndLeases } from "../../../lib/cli/ended-leases";
import { SlotPoolJob } from "../../../lib/pools";
import type { JobPlan, Planned } from "../../../lib/operations";
import type { Lease } from "../../../lib/pools";
import { withServer } from "../../support/replayed-clients";
import type { Answers } from "../../support/replay";

const POOL = "hermes-sandbox";
const refused = { status: 403, body: "Permission denied" };
const nothing = { status: 404, headers: { "X-Consul-Index": "9", "X-Consul-Default-Acl-Policy": "deny" } };

function planned(change: Partial<JobPlan> & { readonly replace?: number }, job = new SlotPoolJob()): Planned {
  const { replace = 0, ...more } = change;
  const groups = [
    {
      ...{ name: "sandbox", create: 0, inPlace: 1, replace },
      canaries: 0,
      migrate: 0,
      stop: 0,
      preempt: 0,
      unchanged: 0,
    },
  ];
  const plan: JobPlan = {
    ...{ job: job.id, path: `dev/${job.id}`, change: "update", modifyIndex: 7, groups, fields: [], warnings: [] },
    ...more,
  };
  return { plan, job: { ...job.toApi().Job, ID: job.id } as Planned["job"] };
}

/** @returns what was noted, and the error */
async function ask(answers: Answers, items: readonly Planned[]) {
  return withServer(answers, async ({ server, ...clients }) => {
    const notes: string[] = [];
    const terminal = {
      note: (text: TerminalText) => void notes.push(renderTerminal(text, { color: false, mask: (foreign) => foreign })),
    };
    await refuseToEndLeases(items, clients, {}, { terminal });
    return { notes, asked: server.asked.map(({ path }) => path) };
  });
}

test.each([
  ["a new job", planned({ change: "create", replace: 2 })],
  ["a change in place", planned({})],
  ["no change", planned({ change: "none", replace: 2 })],
])("nobody is asked about %s", async (_, item) => {
  expect(await ask({}, [item])).toEqual({ notes: [], asked: [] });
});

test.each([
  ["Consul does not let it be read", { [`GET /v1/kv/pools/${POOL}/pool`]: refused }],
  ["Consul answers with an error", { [`GET /v1/kv/pools/${POOL}/pool`]: { status: 500, body: "No cluster leader" } }],
])("a deployment goes on where %s, and says that it is not known", async (_, consul) => {
  const answers = { ...consul, [`GET /v1/var/pools/${POOL}/pool`]: refused };
  const { notes } = await ask(answers, [planned({ replace: 2 })]);
  expect(notes).toEqual([
    expect.stringMatching(/^! hermes-sandbox: .*whether some of the pool hermes-sandbox are leased is not known: .+/),
  ]);
});

describe("of a pool without a lease in the one store, where the other one may not be read,", () => {
  const record = (key: string) => ({
    Key: `pools/${POOL}/${key}`,
    Value: "e30=",
    CreateIndex: 3,
    ModifyIndex: 3,
    Flags: 0,
  });
  const inConsul = {
    [`GET /v1/kv/pools/${POOL}/pool`]: { headers: nothing.headers, body: [record("pool")] },
    [`GET /v1/kv/pools/${POOL}/`]: { headers: { "X-Consul-Index": "9" }, body: [record("pool")] },
  };
  const notInConsul = { [`GET /v1/kv/pools/${POOL}/pool`]: nothing, [`GET /v1/kv/pools/${POOL}/`]: nothing };
  const nomadRefuses = { [`GET /v1/var/pools/${POOL}/pool`]: refused };

  test("nothing is said where the one knows the pool", async () => {
    expect((await ask({ ...inConsul, ...nomadRefuses }, [planned({ replace: 1 })])).notes).toEqual([]);
  });

  test("it is not known where it does not", async () => {
    const { notes } = await ask({ ...notInConsul, ...nomadRefuses }, [planned({ replace: 1 })]);
    expect(notes).toEqual([expect.stringContaining("are leased is not known")]);
  });
});

test("leases are named by slot and owner, some of many, and no claim is told", () => {
  const lease = (number: number): Lease => ({
    ...{ pool: POOL, slot: `alloc.${number}`, owner: "o".repeat(200), generation: 1, ttl: 2000, claim: "secret-claim" },
  });
  const where = { path: "dev/p", job: POOL, pool: POOL };
  const words = inWords({ ...where, leases: Array.from({ length: 12 }, (_, number) => lease(number)) });
  expect(words).toContain(`ends 12 leases of the pool ${POOL}: alloc.0 of oooo`);
  expect(words).toMatch(/ and 7 more$/);
  expect(words).not.toContain("secret-claim");
  expect(words.length).toBeLessThan(600);
});

test("a pool of generations is another job, of which nothing ends", async () => {
  const fresh = planned({ change: "create" }, new SlotPoolJob({ generations: true }));
  await withServer({}, async (clients) => {
    expect(await endedLeases([fresh], clients)).toEqual([]);
  });
});
