import fc from "fast-check";
import { Job } from "../../../lib";
import { comparable } from "../../support/corpus";
import { jobs } from "../../support/arbitraries";
import { draws } from "../../support/draws";

describe("whatever job is drawn over the definitions", () => {
  test("comes back from the model as the same JSON", () => {
    fc.assert(
      fc.property(jobs, (json) => {
        const { Job: back } = Job.fromApi(json).toApi();
        expect(comparable(back)).toEqual(comparable(json));
        expect(JSON.stringify(Job.fromApi(back).toApi().Job)).toBe(JSON.stringify(back));
      }),
      { numRuns: draws(60) },
    );
  });

  test("is judged, with a place and words for every problem", () => {
    fc.assert(
      fc.property(jobs, (json) => {
        for (const { rule, message } of Job.fromApi(json).validate()) {
          expect(rule).toMatch(/^[a-z-]+\/[a-z-]+$/);
          expect(message).not.toMatch(/undefined|NaN|\[object/);
        }
      }),
      { numRuns: draws(60) },
    );
  });

  test("has HCL", () => {
    fc.assert(
      fc.property(jobs, (json) => {
        expect(Job.fromApi(json).toHcl()).toMatch(/^job "/);
      }),
      { numRuns: draws(40) },
    );
  });
});
