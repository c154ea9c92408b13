import type { JobJson, NomadClient } from "../../../../lib/nomad";
import { SlotPool } from "../../../../lib/pools";
import { monotonicClock } from "../../../../lib/pools/leases";
import { SlotGenerations } from "../../../../lib/pools/slots/slot-generations";
import { failure } from "../../../support/failure";
import { MemoryStore, StoreState } from "../../../support/memory-store";

const JOB: JobJson = { ID: "hermes-sandbox", Type: "service", TaskGroups: [{ Name: "sandbox", Count: 1, Tasks: [] }] };

/** A Nomad with one slot pool's job, of which something can be waited for or go wrong. */
function nomad({ gate, allocations }: { readonly gate?: Promise<void>; readonly allocations?: () => Promise<never> }) {
  const asked = { job: 0, watched: 0 };
  const client = {
    job: async () => {
      asked.job += 1;
      await gate;
      return JOB;
    },
    jobs: () => Promise.resolve([]),
    watchAllocations: async (_job: string, { signal }: { readonly signal: AbortSignal }) => {
      asked.watched += 1;
      if (allocations) return allocations();
      signal.throwIfAborted();
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
    },
  };
  return { asked, client: client as unknown as NomadClient };
}

test("a pool that is started twice at once is started once", async () => {
  let open: () => void = () => undefined;
  const { client } = nomad({ gate: new Promise<void>((resolve) => (open = resolve)) });
  const pool = new SlotPool({ nomad: client, store: new MemoryStore(new StoreState(), monotonicClock), job: JOB.ID });
  const first = pool.start().catch(() => undefined);
  await expect(pool.start()).rejects.toThrow("is started once");
  const stopped = pool.stop();
  open();
  await Promise.all([first, stopped]);
});

test("a pool that is stopped while it is started has left nothing, and begins nothing, when that returns", async () => {
  let open: () => void = () => undefined;
  const { asked, client } = nomad({ gate: new Promise<void>((resolve) => (open = resolve)) });
  const state = new StoreState();
  const pool = new SlotPool({ nomad: client, store: new MemoryStore(state, monotonicClock), job: JOB.ID });
  const started = failure(pool.start());
  let hasStopped = false;
  const stopped = pool.stop().then(() => (hasStopped = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(hasStopped).toBe(false);
  open();
  await stopped;
  expect((await started)?.message).toContain("was stopped");
  expect([asked.watched, state.objects.size]).toEqual([0, 0]);
});

test("where no generation is there, waiting for a change ends with its signal", async () => {
  const generations = new SlotGenerations({} as ConstructorParameters<typeof SlotGenerations>[0]);
  const over = new AbortController();
  const waiting = failure(generations.changed(over.signal));
  over.abort();
  expect((await waiting)?.message).toMatch(/abort/i);
  await expect(generations.changed(over.signal)).rejects.toThrow(/abort/i);
});
