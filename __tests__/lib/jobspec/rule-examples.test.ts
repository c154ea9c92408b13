import { isAtLeast } from "../../../lib/jobspec/engine";
import { RULES, type RuleId } from "../../../lib";
import { judge, RELEASES, RULE_EXAMPLES, targetOf } from "../../../examples/rules";

const ids = Object.keys(RULES) as RuleId[];

test("every rule of the catalog has an example, and there is none of another", () => {
  expect(Object.keys(RULE_EXAMPLES).sort()).toEqual([...ids].sort());
});

describe.each(ids)("%s", (id) => {
  const { fails, passes, besides = [] } = RULE_EXAMPLES[id];
  const target = targetOf(id);
  const { severity, since, until } = RULES[id];

  test("finds fault with its example, as grave as it says, and no other rule does", () => {
    const all = judge(fails, target);
    expect(besides.filter((one) => !all.some(({ rule }) => rule === one))).toEqual([]);
    const found = all.filter(({ rule }) => !besides.includes(rule as RuleId));
    expect(found.length).toBeGreaterThan(0);
    for (const problem of found) {
      expect(problem).toMatchObject({ rule: id, severity });
      expect(problem.message).not.toBe("");
    }
  });

  test("has nothing against the other example, nor has any rule", () => {
    expect(judge(passes, target)).toEqual([]);
  });

  if (since === undefined && until === undefined) return;
  test("says nothing of the releases for which it does not hold", () => {
    const others = RELEASES.filter(
      (version) =>
        (since !== undefined && !isAtLeast(version, since)) || (until !== undefined && isAtLeast(version, until)),
    );
    expect(others).not.toEqual([]);
    for (const nomadVersion of others)
      expect(judge(fails, { ...target, nomadVersion }).map(({ rule }) => rule)).not.toContain(id);
  });
});
