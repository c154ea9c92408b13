import fc from "fast-check";
import { burstyDay, fixedFor, replay } from "../../../../bench/simulation";
import { Forecast } from "../../../../lib/pools/containers/forecast";

const MINUTE = 60_000;

test("keeps room for the highest demand of the last five minutes, for its spread, and for two more", () => {
  const forecast = new Forecast({ min: 2, max: 40 });
  forecast.observe(16, 0);
  expect(forecast.size).toBe(24);
  forecast.observe(3, 4 * MINUTE);
  expect(forecast.size).toBe(24);
  forecast.observe(3, 6 * MINUTE);
  expect(forecast.size).toBe(8);
});

test("grows at once, stays within its limits, and has its least where nobody came", () => {
  const forecast = new Forecast({ min: 1, max: 30 });
  forecast.observe(0, 0);
  expect(forecast.size).toBe(1);
  forecast.observe(4, 1);
  expect(forecast.size).toBe(9);
  forecast.observe(500, 2);
  expect(forecast.size).toBe(30);
});

test("shrinks nothing when it begins", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100 }), (containers) => {
      const forecast = new Forecast({ min: 0, max: 100 });
      forecast.begin(containers, 0);
      forecast.observe(0, 1000);
      expect(forecast.size).toBe(containers);
    }),
  );
});

// `npm run bench -- simulation day` takes more days.
test("on bursty days at least 99 of 100 claims find a container, at half of what waits idle in a pool of one size that does", () => {
  for (const seed of [1, 6, 17]) {
    const day = burstyDay(seed);
    const followed = replay(day, new Forecast({ min: 2, max: 100 }));
    const fixed = fixedFor(day, 0.99);
    expect({ seed, hitRate: followed.hitRate > 0.99, idle: followed.idle < fixed.idle / 2 }).toEqual({
      ...{ seed, hitRate: true, idle: true },
    });
  }
});

test("a pool of none has none, and one of a fixed size has that, whatever the demand", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(200)), fc.nat(100), (demands, size) => {
      const forecast = new Forecast({ min: size, max: size });
      demands.forEach((demand, index) => forecast.observe(demand, index * 1000));
      expect(forecast.size).toBe(size);
    }),
  );
});
