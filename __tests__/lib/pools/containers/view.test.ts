import type { AllocationStub, JobJson, NomadClient } from "../../../../lib/nomad";
import { ContainerView } from "../../../../lib/pools/containers/view";
import { WarmPoolJob } from "../../../../lib/pools/jobs";
import { failure } from "../../../support/failure";
import { SimulatedClock } from "../../../support/simulated-clock";

const POOL = "warm-pool-openai";
const [first, second] = [1, 2].map((size) => {
  const api = new WarmPoolJob({ provider: "openai", size, execution: { kind: "exec" } }).toApi().Job;
  return { ...api, CreateIndex: size, JobModifyIndex: size } as unknown as JobJson;
}) as [JobJson, JobJson];

/** A view of two generations, in a Nomad where nothing is known of the containers of some. */
function view(silent: Set<string>) {
  const troubles: string[] = [];
  const client = {
    jobs: () => Promise.resolve([first, second]),
    job: (id: string) => Promise.resolve([first, second].find(({ ID }) => ID === id)),
    watchAllocations: (id: string, { index, signal }: { readonly index?: number; readonly signal: AbortSignal }) => {
      if (silent.has(id)) return Promise.reject(new Error("it cannot be seen"));
      if (index !== undefined)
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
      const allocation = { ID: `of ${id}`, Name: `${id}.warm[0]`, ClientStatus: "running", DesiredStatus: "run" };
      return Promise.resolve({
        value: [{ ...allocation, TaskStates: {}, CreateTime: 1 } as unknown as AllocationStub],
        index: 1,
      });
    },
  };
  const clock = new SimulatedClock();
  const nomad = client as unknown as NomadClient;
  const onTrouble = (message: string) => troubles.push(message);
  return {
    troubles,
    clock,
    own: new ContainerView({ nomad, pool: POOL, clock, random: () => 0.5, onChange: () => undefined, onTrouble }),
  };
}

test("of a generation whose containers cannot be seen the other one is seen, and is known", async () => {
  const silent = new Set([first.ID]);
  const { own, troubles, clock } = view(silent);
  for (let looks = 0; looks < 3; looks += 1) await own.look();
  expect(own.containers.map(({ job }) => job)).toEqual([second.ID]);
  expect(troubles).toEqual([expect.stringContaining(first.ID)]);
  await clock.pass(6000);
  expect([own.knows(first.ID), own.knows(second.ID), own.isUpToDate]).toEqual([false, true, false]);
  silent.clear();
  await own.look();
  expect([own.containers.length, own.knows(first.ID), own.isUpToDate]).toEqual([2, true, true]);
  own.stop();
});

test("where none can be seen, that is an error", async () => {
  const { own } = view(new Set([first.ID, second.ID]));
  expect((await failure(own.look()))?.message).toBe("it cannot be seen");
  own.stop();
});
