import { judge, RULE_EXAMPLES, targetOf } from "../../examples/rules";
import { pathText } from "../../lib/errors";
import { RULES, type RuleId, type RuleInfo, type Target } from "../../lib/jobspec";
import { exampleSources, type ExampleSource } from "./example-source";

/** The page of all rules, each theme a table, and each rule with its example. */
export function rulesPage(): string {
  const themes = new Map<string, [RuleId, RuleInfo][]>();
  for (const [id, rule] of Object.entries(RULES) as [RuleId, RuleInfo][]) {
    const theme = id.slice(0, id.indexOf("/"));
    themes.set(theme, [...(themes.get(theme) ?? []), [id, rule]]);
  }
  const sources = exampleSources();
  const section = ([theme, rules]: [string, [RuleId, RuleInfo][]]) => [
    `## ${theme}`,
    "",
    "| rule | what it wants | severity | Nomad |",
    "| --- | --- | --- | --- |",
    ...rules.map(([id, rule]) => `| \`${id}\` | ${rule.title} | ${severityOf(rule)} | ${releasesOf(rule)} |`),
    "",
    ...rules.flatMap(([id]) => exampleOf(id, sources.get(id))),
  ];
  return [
    "# Rules",
    "",
    "What `job.validate()`, synthesis and `cdk-nomad validate` judge jobs by. An error is what a server refuses. A warning is what it lets pass: `NomadJob` takes",
    "`allow` with the id of its rule, so that synthesis does not stop at it, or with a rule and a name, such as `secret/literal:API_KEY`, of which nothing is said then.",
    "",
    "Below each table every rule has an example that it finds fault with, with what it says, and one of which no rule says anything. They stand in `examples/rules`, and a test judges",
    "them. `job(…)`, `group(…)`, `task(…)`, `service(…)` (of a group), `taskService(…)` and `check(…)` are a job that is sound but for what is written.",
    "",
    ...[...themes].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(section),
  ].join("\n");
}

/** What a rule finds fault with, and what it does not. */
function exampleOf(id: RuleId, source: ExampleSource | undefined): readonly string[] {
  if (!source) throw new Error(`examples/rules has no example of ${id}`);
  const target = targetOf(id);
  const found = judge(RULE_EXAMPLES[id].fails, target)
    .filter(({ rule }) => rule === id)
    .map((problem) => `> \`${pathText(problem.path)}\`: ${words(problem.message)}`);
  return [
    `<details><summary><code>${id}</code>${targetText(target)}</summary>`,
    "",
    ...block(source.fails),
    ...found.flatMap((line) => [line, ">"]).slice(0, -1),
    "",
    "Nothing is said of:",
    "",
    ...block(source.passes),
    "</details>",
    "",
  ];
}

function block(source: string): readonly string[] {
  return ["```ts", source, "```", ""];
}

/** The Nomad that an example is judged for, where it is another than usual. */
function targetText({ nomadVersion, enterprise, memoryOversubscription }: Target): string {
  const parts = [
    ...(nomadVersion === undefined ? [] : [`Nomad ${nomadVersion}`]),
    ...(enterprise ? ["Enterprise"] : []),
    ...(memoryOversubscription ? ["memory oversubscription"] : []),
  ];
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}

/** A message as Markdown. */
function words(message: string): string {
  return message.replaceAll(/[\\*_<>`[\]$~|]/g, (mark) => `\\${mark}`);
}

function severityOf({ severity, stopsSynthesis }: RuleInfo): string {
  return stopsSynthesis ? `${severity}; stops synthesis also where a server lets it pass` : severity;
}

function releasesOf({ since, until }: RuleInfo): string {
  if (since !== undefined && until !== undefined) return `${since} to before ${until}`;
  if (since !== undefined) return `since ${since}`;
  return until === undefined ? "every one" : `before ${until}`;
}
