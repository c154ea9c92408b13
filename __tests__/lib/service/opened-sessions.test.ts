import { setTimeout as sleep } from "node:timers/promises";
import type { HttpProblem } from "../../../lib/service";
import { OpenedSessions } from "../../../lib/service/opened-sessions";

/** What all of some wait for until the last of them is there. */
function gate(size: number): () => Promise<void> {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  let arrived = 0;
  return () => {
    arrived += 1;
    if (arrived === size) open();
    return opened;
  };
}

test.each([
  [["1-1", "1-2"], 20],
  [["9-1", "1-2"], 20],
  [["3-1", "2-1", "1-1", "4-1"], 100],
  [["1-1", "10-1", "2-1"], 0],
])("of those at %j that come to an owner's last place at once, at several services, one has it", async (ids, slow) => {
  const places = new Set(["5-1", "6-1"]);
  let most = 0;
  const counted = gate(ids.length);
  const placed = gate(ids.length);
  const opened = ids.map(async (id) => {
    const service = new OpenedSessions(3, () => Promise.resolve([...places]));
    return service.open("ann", async (onPlace) => {
      await counted();
      places.add(id);
      await placed();
      try {
        await onPlace(id);
      } catch (error) {
        await sleep(slow);
        places.delete(id);
        throw error;
      }
      most = Math.max(most, places.size);
      return id;
    });
  });
  const ends = await Promise.allSettled(opened);
  expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  const refused = ends.flatMap((end) => (end.status === "rejected" ? [(end.reason as HttpProblem).code] : []));
  expect(refused).toEqual(ids.slice(1).map(() => "too-many-sessions"));
  expect([most, places.size]).toEqual([3, 3]);
});

test("one that nobody makes room for is told so soon, though it would have come first", async () => {
  const places = new Set(["5-1", "6-1", "7-1"]);
  const seen = [new Set(["5-1", "6-1"]), new Set([...places, "1-1"])];
  const service = new OpenedSessions(3, () =>
    Promise.resolve([...(seen.length > 1 ? (seen.shift() ?? []) : (seen[0] ?? []))]),
  );
  const began = performance.now();
  await expect(service.open("ann", (onPlace) => onPlace("1-1"))).rejects.toMatchObject({ code: "too-many-sessions" });
  expect(performance.now() - began).toBeLessThan(5000);
});
