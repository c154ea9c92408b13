import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { SimulatedPool } from "../../../support/simulated-pool";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** What of the memory is in use, in kilobytes. */
function used(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed / 1024;
}

test("five hundred leases that are lost, each in a way of its own, leave nothing with the manager that had them", async () => {
  const pool = new SimulatedPool(1);
  const [one, other] = [await pool.manager(), await pool.manager()];
  const lose = async (turn: number) => {
    const slot = `slot-${turn}`;
    pool.candidates = [slot];
    const lease = await pool.run(one.book.claim({ owner: `${"owner".repeat(200)}${turn}` }));
    await pool.clock.pass(20);
    // Its container has ended, another manager has released it, or has taken it over and released it.
    if (turn % 3 === 1) await pool.run(other.book.release(lease));
    if (turn % 3 === 2) await pool.run(other.book.adopt(lease).then((adopted) => other.book.release(adopted)));
    await pool.run(one.book.retire(slot, { gone: true }));
    await pool.clock.pass(20);
    pool.state.written.length = 0;
    one.events.length = other.events.length = one.lost.length = other.lost.length = pool.ended.length = 0;
    expect([one.book.renewed(slot), other.book.renewed(slot)]).toEqual([undefined, undefined]);
  };
  for (let turn = 0; turn < 100; turn += 1) await lose(turn);
  const before = used();
  for (let turn = 100; turn < 600; turn += 1) await lose(turn);
  // The reasons of ten thousand ends are remembered, some hundred bytes each; the leases, with owners of a thousand, would be 2,500 KB. What the
  // process itself takes meanwhile is some hundred KB, more or less.
  expect(used() - before).toBeLessThan(1200);
  expect(one.book.leases()).toEqual([]);
});
