import { TokenRefused, UserError } from "../../../lib/errors";
import { Masking } from "../../../lib/masking";
import { refusalOf } from "../../../lib/page/refusal";
import { HttpProblem } from "../../../lib/service";

const masking = new Masking();

test("what is refused is told with its place in words, and without one where there is none", () => {
  const problems = [
    ...UserError.at(["groups", { index: 1, name: "web" }, "count"], "is no number").problems,
    ...UserError.at("", "the cluster has no leader").problems,
  ];
  const refusal = refusalOf(new UserError(problems), masking);
  expect(refusal).toBeInstanceOf(HttpProblem);
  expect(refusal).toMatchObject({
    code: "refused",
    message: "groups[web].count: is no number; the cluster has no leader",
  });
});

test("a secret in it is hidden", () => {
  const token = `ghp_${"a1B2".repeat(9)}`;
  const { message } = refusalOf(UserError.at("image", `cannot be read with ${token}`), masking) as HttpProblem;
  expect(message).toContain("cannot be read with");
  expect(message).not.toContain(token);
});

test("a token that is refused is the service's own, and an error of another kind is no refusal", () => {
  for (const error of [new TokenRefused("may not"), new Error("broken"), new HttpProblem("unavailable", "later")])
    expect(refusalOf(error, masking)).toBe(error);
});
