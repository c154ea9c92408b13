import fc from "fast-check";
import { Forecast } from "../../../../lib/pools/containers/forecast";

const MINUTE = 60_000;

test("keeps room for the highest demand of the last ten minutes and a quarter more", () => {
  const forecast = new Forecast({ min: 2, max: 40 });
  forecast.observe(20, 0);
  expect(forecast.size).toBe(25);
  forecast.observe(3, 5 * MINUTE);
  expect(forecast.size).toBe(25);
  forecast.observe(3, 11 * MINUTE);
  expect(forecast.size).toBe(4);
});

test("grows at once and stays within its limits", () => {
  const forecast = new Forecast({ min: 2, max: 30 });
  expect(forecast.size).toBe(2);
  forecast.observe(4, 1);
  expect(forecast.size).toBe(5);
  forecast.observe(500, 2);
  expect(forecast.size).toBe(30);
});

test("shrinks nothing when it begins", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100 }), (containers) => {
      const forecast = new Forecast({ min: 0, max: 100 });
      forecast.begin(containers, 0);
      forecast.observe(0, 1000);
      expect(forecast.size).toBeLessThanOrEqual(containers);
      expect(forecast.size).toBeGreaterThanOrEqual(containers - 1);
    }),
  );
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
