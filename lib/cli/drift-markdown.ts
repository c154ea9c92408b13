import { markerOf } from "../github";
import { hasDrift, type Drift, type FieldChange, type JobDrift } from "../operations";
import { DRIFT, driftCounts, IN_CONSUL } from "./drift-words";
import { bodyOf, codeBlock, details, plainText } from "./markdown";
import { consulName, fieldInWords, groupInWords } from "./plan-words";

/** Drift as the body of an issue: counts in the first line, a list, details folded. */
export function driftMarkdown(drift: Drift): string {
  const { environment, jobs, consul } = drift;
  const head = hasDrift(drift)
    ? `**${plainText(environment)}** is not as the program says: ${driftCounts(drift)}`
    : `**${plainText(environment)}** is as the program says`;
  return bodyOf(`${head} ${markerOf("drift", environment)}`, [
    jobs.map((job) => `- **${plainText(job.job)}** ${DRIFT[job.drift]}${lacking(job)}${since(job)}`).join("\n"),
    ...jobs.map((job) => (job.fields.length === 0 ? "" : details(`${plainText(job.job)}: fields`, fields(job.fields)))),
    consul.map((change) => `- **${plainText(consulName(change))}** ${IN_CONSUL[change.change]} in Consul`).join("\n"),
    ...consul.map((change) =>
      change.fields.length === 0 ? "" : details(`${plainText(consulName(change))}: fields`, fields(change.fields)),
    ),
    hasDrift(drift) ? `Put it right with \`cdk-nomad drift ${environment} --fix\`.` : "",
  ]);
}

function lacking({ groups }: JobDrift): string {
  const said = groups.map((group) => `${plainText(group.name)}: ${groupInWords(group, "place")}`);
  return said.length === 0 ? "" : `: ${said.join(", ")}`;
}

function since({ version, submitted }: JobDrift): string {
  return version === undefined ? "" : ` (version ${version} of ${submitted ?? ""})`;
}

function fields(changes: readonly FieldChange[]): readonly string[] {
  const plain = changes.filter(({ lines }) => lines === undefined);
  return [
    ...(plain.length === 0 ? [] : [codeBlock("text", plain.map(fieldInWords).join("\n"))]),
    ...changes.flatMap(({ place, lines }) =>
      lines === undefined ? [] : [`${plainText(place)}\n\n${codeBlock("diff", lines)}`],
    ),
  ];
}
