import {
  differenceOn,
  hasRecordedVerdicts,
  recordedVerdicts,
  type Difference,
  type HalfOf20,
} from "../../support/recorded-verdicts";

const testWithCorpus = hasRecordedVerdicts ? test : test.skip;
if (!hasRecordedVerdicts) console.log("skipped: the recorded verdicts of Nomad servers are not beside this clone");

function differences(half: HalfOf20): readonly string[] {
  return recordedVerdicts(half)
    .map(differenceOn)
    .filter((difference) => difference !== undefined)
    .map(inWords);
}

function inWords({ of, recorded: { source, name }, judgement }: Difference): string {
  return `${of}: ${source} ${name} ${judgement.errors.map(({ path, rule }) => `${path} [${rule}]`).join(", ")}`;
}

describe("a server's verdicts", () => {
  testWithCorpus("every recorded job is refused, taken and warned of as a server of its version did", () => {
    expect(recordedVerdicts().filter(({ accepted, warnings }) => accepted && warnings !== "").length).toBeGreaterThan(
      400,
    );
    expect(differences("open")).toEqual([]);
  });
});
