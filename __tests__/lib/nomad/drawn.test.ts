import { ASKINGS, DrawnAnswers } from "../../support/drawn-answers";

/** `npm run bench -- reliability` draws 2,000 for each endpoint. */
const RUNS = 20;

let answers: DrawnAnswers;
beforeAll(async () => {
  answers = await new DrawnAnswers().open();
});
afterAll(() => answers.close());

const crashed = (crashes: Awaited<ReturnType<DrawnAnswers["readers"]>>) =>
  crashes.map(({ what, error }) => `${what}: ${error instanceof Error ? error.stack : String(error)}`);

test.each(ASKINGS)(
  "an answer to $endpoint of which parts are null or missing is read, or refused in words",
  async (asking) => {
    expect(crashed(await answers.readers(asking, RUNS))).toEqual([]);
  },
);

test("what commands do with such answers is done, or refused in words", async () => {
  expect(crashed(await answers.operations(80))).toEqual([]);
});
