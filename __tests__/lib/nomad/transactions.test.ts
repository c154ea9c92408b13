import { inTransactions, stopAndPurge, type JobJson, type NomadClient } from "../../../lib/nomad";

const sizes = (values: readonly string[]) =>
  inTransactions(
    values.map((value, at) => ({ key: `k${at}`, value })),
    (each) => each,
  ).map((some) => some.length);

test("a transaction of Consul has no more operations, and no more bytes, than all releases take", () => {
  expect(sizes([])).toEqual([]);
  expect(sizes(Array.from({ length: 130 }, () => "x"))).toEqual([64, 64, 2]);
  expect(sizes(Array.from({ length: 5 }, () => "x".repeat(100_000)))).toEqual([2, 2, 1]);
  expect(sizes(["x".repeat(600_000), "y"])).toEqual([1, 1]);
});

test("a job that somebody registers anew while it is stopped is not purged", async () => {
  const asked: string[] = [];
  let job: JobJson | undefined = { ID: "web", Stop: false };
  const nomad = {
    job: async () => Promise.resolve(job),
    deregister: async (_id: string, { purge }: { readonly purge: boolean }) => {
      asked.push(purge ? "purge" : "stop");
      return Promise.resolve({ EvalID: "e" });
    },
    // Whoever rolls back is faster than the scheduler.
    evaluation: async () => Promise.resolve({ Status: "complete" }),
  } as unknown as NomadClient;
  expect(await stopAndPurge(nomad, "web")).toBe("e");
  expect(asked).toEqual(["stop"]);
  job = { ID: "web", Stop: true };
  await stopAndPurge(nomad, "web");
  expect(asked).toEqual(["stop", "stop", "purge"]);
});
