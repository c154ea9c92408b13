import { Command, Option } from "commander";
import { formatProblem } from "../../lib/errors";
import {
  differenceOn,
  hasRecordedVerdicts,
  minimalCases,
  recordedVerdicts,
  type Difference,
  type HalfOf20,
} from "../../__tests__/support/recorded-verdicts";

/** Holds the library's verdicts against recorded ones of servers, and prints each case on which they differ. */
function main(): void {
  const { half } = new Command("recorded")
    .description("Holds job.validate() against the recorded verdicts of Nomad servers 1.11.3 and 2.0.")
    .addOption(
      new Option("--half <half>", "which half of the verdicts of Nomad 2.0, beside all others")
        .choices(["open", "kept"])
        .default("open"),
    )
    .parse()
    .opts<{ half: HalfOf20 }>();
  if (!hasRecordedVerdicts) {
    console.log("the recorded verdicts are not beside this clone: nothing to compare with");
    return;
  }
  const cases = [...recordedVerdicts(half), ...(half === "open" ? minimalCases() : [])];
  const differences = cases.map(differenceOn).filter((difference) => difference !== undefined);
  for (const difference of differences) print(difference);
  for (const source of new Set(cases.map((recorded) => recorded.source))) {
    const here = cases.filter((recorded) => recorded.source === source);
    const accepted = here.filter((recorded) => recorded.accepted);
    const count = (of: Difference["of"]) =>
      differences.filter((difference) => difference.of === of && difference.recorded.source === source).length;
    console.log(
      `${source}: ${count("false alarm")} of ${accepted.length} accepted refused here, ` +
        `${count("missed refusal")} of ${here.length - accepted.length} refusals missed, ` +
        `${count("missing warning")} of ${accepted.filter(({ warnings }) => warnings !== "").length} warnings missing`,
    );
  }
  if (differences.length > 0) process.exitCode = 1;
}

function print({ of, recorded, judgement }: Difference): void {
  const { source, name, kind, nomadVersion, errors, warnings } = recorded;
  const flat = (text: string) => text.replaceAll(/\s+/g, " ").slice(0, 400);
  const ours = judgement.errors.map((problem) => `${formatProblem(problem)} [${problem.rule}]`).join("; ");
  console.log(`${of}  ${source} ${nomadVersion} ${kind} ${name}`);
  if (of === "false alarm") console.log(`    ours: ${flat(ours)}`);
  else console.log(`    server: ${flat(of === "missed refusal" ? errors.join("; ") : warnings)}`);
}

main();
