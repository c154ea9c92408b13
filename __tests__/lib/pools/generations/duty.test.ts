import { Duty } from "../../../../lib/pools/generations/duty";
import { MemoryStore, StoreState } from "../../../support/memory-store";
import { SimulatedClock, type ProcessClock } from "../../../support/simulated-clock";
import { outcome } from "../../../support/simulated-pool";

const KEY = "pools/pool/maintenance";
let world: SimulatedClock;
let state: StoreState;
beforeEach(() => {
  world = new SimulatedClock();
  state = new StoreState();
});

/** A manager in a process of its own. */
function manager(name: string) {
  const clock: ProcessClock = world.process();
  const store = new MemoryStore(state, clock);
  return { name, clock, store, duty: new Duty(store, KEY, name, clock) };
}

/** Every manager takes its turn once a second, for some seconds. @returns the most that held the duty at one moment */
async function turns(managers: readonly ReturnType<typeof manager>[], seconds: number): Promise<number> {
  let most = 0;
  for (let second = 0; second < seconds; second += 1) {
    for (const { duty } of managers) await duty.turn();
    most = Math.max(most, managers.filter(({ duty }) => duty.held).length);
    await world.pass(1000);
  }
  return most;
}

test("is one manager's at a time, however many there are, and stays with it", async () => {
  const managers = [manager("a"), manager("b"), manager("c")];
  expect(await turns(managers, 30)).toBe(1);
  expect(managers.map(({ duty }) => duty.held)).toEqual([true, false, false]);
});

test("of a manager that is dead is another's after three seconds, and not before", async () => {
  const [dead, next] = [manager("dead"), manager("next")];
  await turns([dead, next], 3);
  const died = world.now();
  dead.store.cut = true;
  for (; !(await next.duty.turn()); await world.pass(250)) expect(world.now() - died).toBeLessThan(5000);
  expect(world.now() - died).toBeGreaterThanOrEqual(2000);
  expect(dead.duty.held).toBe(false);
});

test("is not held by a manager that was stopped for a while, before it has asked", async () => {
  const [stopped, next] = [manager("stopped"), manager("next")];
  await turns([stopped, next], 2);
  await turns([next], 6);
  expect([stopped.duty.held, next.duty.held]).toEqual([false, true]);
  expect([await stopped.duty.turn(), next.duty.held]).toEqual([false, true]);
});

test("is nobody's for whoever the store does not answer, once its time is over", async () => {
  const one = manager("one");
  expect(await one.duty.turn()).toBe(true);
  one.store.refusal = new Error("no answer");
  await expect(one.duty.turn()).rejects.toThrow("no answer");
  expect(one.duty.held).toBe(true);
  await world.pass(3000);
  expect(one.duty.held).toBe(false);
});

test("that is left is another's at its next turn; what is no duty's in its place holds nobody up for longer", async () => {
  const [one, two] = [manager("one"), manager("two")];
  await turns([one, two], 2);
  await one.duty.leave();
  expect([one.duty.held, await two.duty.turn()]).toEqual([false, true]);
  await one.duty.leave();
  expect(state.objects.has(KEY)).toBe(true);
  await two.duty.leave();
  state.write(KEY, "{", 0);
  expect(await one.duty.turn()).toBe(false);
  await world.pass(3000);
  expect(await one.duty.turn()).toBe(true);
});

test.each([
  ["a turn", (duty: Duty, signal?: AbortSignal): Promise<unknown> => duty.turn(signal)],
  ["leaving it", (duty: Duty, signal?: AbortSignal): Promise<unknown> => duty.leave(signal)],
])(
  "%s takes no longer than the duty lasts, and ends with its signal, though the store says nothing",
  async (_, act) => {
    const one = manager("one");
    await one.duty.turn();
    one.store.cut = true;
    const given = outcome(act(one.duty));
    await world.pass(3000);
    expect((await given).error).toMatchObject({ name: "SlowStoreError" });
    state.objects.clear();
    const other = manager("other");
    expect(await other.duty.turn()).toBe(true);
    other.store.cut = true;
    const over = new AbortController();
    const cancelled = outcome(act(other.duty, over.signal));
    over.abort(new Error("nobody waits"));
    expect((await cancelled).error?.message).toBe("nobody waits");
  },
);
