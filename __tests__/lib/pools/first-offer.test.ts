import { firstOffer, type Clock, type Offering } from "../../../lib/pools/leases";

/** A clock that goes on by what is waited for. */
function clockOf() {
  let time = 0;
  const clock: Clock = {
    now: () => time,
    after: (delay, run) => {
      const timer = setImmediate(() => {
        time += delay;
        run();
      });
      return () => clearImmediate(timer);
    },
  };
  return clock;
}

test.each<[string, (time: number) => Offering, number]>([
  ["what waits is given out at once", () => "settled", 0],
  ["what is on its way is waited for", (time) => (time < 700 ? "coming" : "settled"), 700],
  ["what answers nothing is not waited for for ever", () => "coming", 5020],
  ["what is not placed is waited for for a second", () => "nothing", 1020],
  ["what is placed within that second is waited for", (time) => (time < 900 ? "nothing" : "coming"), 5020],
])("%s", async (_, look, expected) => {
  const clock = clockOf();
  await firstOffer(() => look(clock.now()), clock, new AbortController().signal);
  expect(clock.now()).toBe(expected);
});

test("it ends with the pool", async () => {
  const stop = new AbortController();
  const clock = clockOf();
  const waiting = firstOffer(() => "coming", clock, stop.signal);
  stop.abort();
  await waiting;
  expect(clock.now()).toBeLessThan(1000);
});
