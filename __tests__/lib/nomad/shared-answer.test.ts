import { sharedAnswer } from "../../../lib/nomad";

test("a question that fails before it was asked fails for those who share it, and is asked again", async () => {
  let now = 0;
  let asked = 0;
  const answer = sharedAnswer(
    1000,
    () => now,
    () => {
      asked += 1;
      if (asked === 1) throw new Error("not begun with yet");
      return Promise.resolve(asked);
    },
  );
  const both = await Promise.allSettled([answer(), answer()]);
  expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  now = 1000;
  expect([await answer(), await answer()]).toEqual([2, 2]);
});
