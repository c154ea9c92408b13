import fc from "fast-check";
import { doublesIn, type HistoryEvent } from "../../../../lib/pools/testing";

const event = (
  process: string,
  kind: HistoryEvent["kind"],
  generation: number,
  at: number,
  more = {},
): HistoryEvent => ({
  ...{ process, kind, slot: "s", generation, at },
  ...more,
});

describe("a history", () => {
  test("in which each has the slot after the one before is good", () => {
    const events = [
      event("a", "claimed", 1, 0),
      event("a", "used", 1, 5),
      event("a", "released", 1, 10),
      event("b", "claimed", 2, 10),
      event("b", "released", 2, 20),
      event("a", "claimed", 1, 0, { slot: "other" }),
      event("b", "claimed", 3, 30),
      event("b", "lost", 3, 50),
      event("a", "claimed", 4, 40),
      event("b", "killed", 0, 60),
    ];
    expect(doublesIn(events)).toEqual([]);
  });

  test.each([
    [
      "a claim before the release",
      [event("a", "claimed", 1, 0), event("a", "released", 1, 9), event("b", "claimed", 2, 8)],
      "overlap",
    ],
    [
      "a use after the next claim",
      [event("a", "claimed", 1, 0), event("b", "claimed", 2, 8), event("a", "used", 1, 9)],
      "overlap",
    ],
    [
      "a claim before its holder was killed",
      [event("a", "claimed", 1, 0), event("b", "claimed", 2, 8), event("a", "killed", 0, 9)],
      "overlap",
    ],
    [
      "the same generation twice",
      [event("a", "claimed", 1, 0), event("a", "released", 1, 1), event("b", "claimed", 1, 5)],
      "generation",
    ],
    [
      "a generation that goes back",
      [event("a", "claimed", 2, 0), event("a", "released", 2, 1), event("b", "claimed", 1, 5)],
      "order",
    ],
  ])("with %s has a double", (_, events, kind) => {
    expect(doublesIn(events).map((double) => double.kind)).toContain(kind);
    expect(doublesIn([...events].reverse())).toEqual(doublesIn(events));
  });

  test("of two machines is judged by generations alone", () => {
    const overlapping = [
      event("a", "claimed", 1, 100),
      event("a", "used", 1, 200),
      event("b", "claimed", 2, 5, { machine: "m" }),
    ];
    expect(doublesIn(overlapping)).toEqual([]);
    expect(doublesIn([event("a", "claimed", 1, 0), event("b", "claimed", 1, 5, { machine: "m" })])).toHaveLength(1);
  });

  test("that says less than it should is an error", () => {
    expect(() => doublesIn([event("a", "released", 1, 0)])).toThrow(/had not claimed/);
  });

  const turns = fc.array(fc.record({ process: fc.constantFrom("a", "b", "c"), held: fc.nat(20), pause: fc.nat(5) }), {
    minLength: 2,
    maxLength: 30,
  });

  /** Leases one after another, each after the one before. */
  function inTurn(drawn: readonly { process: string; held: number; pause: number }[]) {
    let now = 0;
    return drawn.map(({ process, held, pause }, index) => {
      const from = now + pause;
      now = from + held;
      return { process, generation: index + 1, from, to: now };
    });
  }
  const eventsOf = (leases: ReturnType<typeof inTurn>) =>
    leases.flatMap(({ process, generation, from, to }) => [
      event(process, "claimed", generation, from),
      event(process, "released", generation, to),
    ]);

  test("drawn without doubles has none, in whatever order it is read", () => {
    fc.assert(
      fc.property(turns, fc.nat(), (drawn, turn) => {
        const events = eventsOf(inTurn(drawn));
        const turned = [...events.slice(turn % events.length), ...events.slice(0, turn % events.length)];
        expect(doublesIn(turned)).toEqual([]);
      }),
    );
  });

  test("drawn with one lease that begins too early has just that double", () => {
    fc.assert(
      fc.property(turns, fc.nat(), fc.integer({ min: 1, max: 5 }), (drawn, pick, early) => {
        const leases = inTurn(drawn.map((turn) => ({ ...turn, held: turn.held + 10 })));
        const at = 1 + (pick % (leases.length - 1));
        const [before, lease] = [leases[at - 1], leases[at]];
        if (!before || !lease) throw new Error("drawn wrong");
        lease.from = before.to - early;
        expect(doublesIn(eventsOf(leases))).toMatchObject([
          { kind: "overlap", holders: [{ generation: at }, { generation: at + 1 }] },
        ]);
      }),
    );
  });
});
