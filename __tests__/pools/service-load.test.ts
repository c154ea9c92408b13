import { growthOf, isAnswer, isRefusal, loadService } from "../../bench/pools/service-load";
import { clusterForSuite } from "../support/cluster";

const cluster = clusterForSuite();

// The small version of npm run bench -- pools service-load, which measures on a quiet machine how soon answers come; here it is held that they come.
test("200 requests a second are all answered, ten times as many are answered or refused, and afterwards all is as before", async () => {
  const { sustained, flood, recovery, memory, back } = await loadService(cluster, {
    sustained: 6,
    flood: 2,
    recovery: 2,
    containers: 8,
  });
  const lostOf = (answers: readonly { readonly why?: string }[]) => [
    ...new Set(answers.flatMap(({ why = [] }) => why)),
  ];
  const statusesOf = (answers: readonly { readonly status: number }[]) => [
    ...new Set(answers.map(({ status }) => status)),
  ];
  expect([sustained, flood, recovery].map(lostOf)).toEqual([[], [], []]);
  expect(sustained.length).toBe(1200);
  expect(statusesOf(sustained).filter((status) => !isAnswer(status) && !isRefusal(status))).toEqual([]);
  expect(flood.length).toBe(4000);
  expect(statusesOf(flood).filter((status) => !isAnswer(status) && !isRefusal(status))).toEqual([]);
  expect(flood.some(({ status }) => isRefusal(status))).toBe(true);
  expect(statusesOf(recovery).filter((status) => !isAnswer(status) && !isRefusal(status))).toEqual([]);
  // On a busy machine the same rate is more than it can do: some of the last are answered, and the rest are told when to ask again.
  expect(recovery.slice(-100).some(({ status }) => isAnswer(status))).toBe(true);
  // How soon is for a quiet machine to say; here, that somebody else is answered at all.
  expect(back).toBeLessThan(Infinity);
  expect(growthOf(memory)).toBeLessThan(50);
}, 120_000);
