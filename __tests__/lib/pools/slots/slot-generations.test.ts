import type { JobJson, NomadClient } from "../../../../lib/nomad";
import type { Choice, Duty } from "../../../../lib/pools/generations";
import { SlotGenerations } from "../../../../lib/pools/slots/slot-generations";
import { failure } from "../../../support/failure";

const POOL = "hermes-sandbox";
const job = (mark: string, created: number): JobJson => ({
  ...{ ID: `${POOL}-${mark}`, Meta: { pool: POOL }, CreateIndex: created, JobModifyIndex: created },
  TaskGroups: [{ Name: "sandbox", Count: 1 }],
});
const [OLD, NEWER, NEWEST] = [job("aaaaaaaa", 1), job("bbbbbbbb", 2), job("cccccccc", 3)];

/** Three jobs of a pool in a Nomad of which something can go wrong. */
function generations({ unread = [], unseen = [] }: { unread?: readonly JobJson[]; unseen?: readonly JobJson[] }) {
  const wrong = { unread: new Set(unread), unseen: new Set(unseen.map(({ ID }) => ID)) };
  const troubles: string[] = [];
  const client = {
    jobs: () => Promise.resolve([OLD, NEWER, NEWEST]),
    job: async (id: string) => {
      const found = [OLD, NEWER, NEWEST].find(({ ID }) => ID === id);
      return found && wrong.unread.has(found) ? Promise.reject(new Error("it cannot be read")) : Promise.resolve(found);
    },
  };
  let choice: Choice | undefined;
  const own = new SlotGenerations({
    nomad: client as unknown as NomadClient,
    which: { pool: POOL, job: undefined },
    group: "sandbox",
    choice: () => choice,
    isUpToDate: () => true,
    duty: {} as Duty,
    begin: async (facts) => {
      if (wrong.unseen.has(facts.job)) return Promise.reject(new Error("it cannot be seen"));
      return Promise.resolve({ sandboxes: { all: [] } } as never);
    },
    onChange: () => undefined,
    onTrouble: (message) => troubles.push(message),
  });
  const seen = () => own.all.map(({ facts }) => facts.job);
  return { own, wrong, troubles, seen, choose: (chosen: Choice) => (choice = chosen) };
}

test.each(["unread", "unseen"] as const)("of one that is %s the others are seen, and it is told once", async (how) => {
  const { own, wrong, troubles, seen } = generations({ [how]: [OLD] });
  for (let looks = 0; looks < 3; looks += 1) await own.look();
  expect([seen(), own.current?.facts.job]).toEqual([[NEWER.ID, NEWEST.ID], NEWEST.ID]);
  expect(troubles).toEqual([expect.stringContaining(OLD.ID)]);
  for (const each of [wrong.unread, wrong.unseen]) each.clear();
  await own.look();
  expect(seen()).toContain(OLD.ID);
});

test("where the one that is leased of cannot be seen that is an error, and the others are seen", async () => {
  const { own, seen, choose, wrong } = generations({ unseen: [NEWEST] });
  expect((await failure(own.look()))?.message).toBe("it cannot be seen");
  expect([seen(), own.current]).toEqual([[OLD.ID, NEWER.ID], undefined]);
  // Nothing is leased of another one in its place, unless somebody chose that.
  choose({ job: OLD.ID, newest: 3 });
  await own.look();
  expect(own.current?.facts.job).toBe(OLD.ID);
  wrong.unseen.clear();
  await own.look();
  expect(seen()).toContain(NEWEST.ID);
});

test("one that was read before, and cannot be read now, is what it was", async () => {
  const { own, wrong, seen } = generations({});
  await own.look();
  wrong.unread.add(NEWEST);
  Object.assign(NEWEST, { JobModifyIndex: 9 });
  await own.look();
  expect([seen().length, own.current?.facts.job]).toEqual([3, NEWEST.ID]);
});
