import type { NomadClient } from "../../../../lib/nomad";
import { LeaseEndedError, type Executor, type Lease, type LeaseBook } from "../../../../lib/pools";
import { Commands } from "../../../../lib/pools/containers/commands";

const lease: Lease = { pool: "pool", slot: "slot", owner: "ann", generation: 1, ttl: 2000, claim: "claim" };

test.each(["its lease is checked", "its place is asked for"])(
  "a command whose lease ends while %s is not run",
  async (moment) => {
    let answer = (): void => undefined;
    const late = new Promise<void>((resolve) => (answer = resolve));
    const checked = moment === "its lease is checked" ? late : Promise.resolve();
    const ran: string[] = [];
    const executor: Executor = {
      execute: (_place, command) => {
        ran.push(String(command));
        return Promise.reject(new Error("it ran"));
      },
      wipe: () => Promise.resolve(),
    };
    const nomad = {
      allocation: async () => late.then(() => ({ JobID: "pool" })),
      job: () =>
        Promise.resolve({ ID: "pool", TaskGroups: [{ Name: "warm", Tasks: [{ Name: "a", Driver: "docker" }] }] }),
    } as unknown as NomadClient;
    const commands = new Commands({
      ...{ nomad, executor, pool: "pool" },
      book: { check: () => checked } as unknown as LeaseBook,
      find: () => undefined,
    });
    const running = commands.execute(lease, "true", {});
    await new Promise((resolve) => setImmediate(resolve));
    commands.end(lease, "released");
    answer();
    await expect(running).rejects.toThrow(LeaseEndedError);
    expect(ran).toEqual([]);
  },
);
