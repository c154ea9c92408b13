import { Duration } from "../../../../lib";

describe("Duration", () => {
  test.each([
    [Duration.seconds(10), "10s", 10e9],
    [Duration.minutes(1.5), "1m30s", 90e9],
    [Duration.hours(24), "24h", 86400e9],
    [Duration.milliseconds(250), "250ms", 250e6],
    [Duration.zero, "0s", 0],
    [Duration.seconds(-5), "-5s", -5e9],
  ])("%s", (duration, text, nanoseconds) => {
    expect(String(duration)).toBe(text);
    expect(duration.nanoseconds).toBe(nanoseconds);
    expect(Duration.parse(text)?.nanoseconds).toBe(nanoseconds);
  });

  test("reads fractions as they are, and refuses what is no duration", () => {
    expect(Duration.parse("1.5m")?.seconds).toBe(90);
    expect(Duration.parse("1.5 minutes")).toBeUndefined();
    expect(Duration.parse("10")).toBeUndefined();
    expect(Duration.parse("")).toBeUndefined();
  });
});
