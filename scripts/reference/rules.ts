import { RULES, type RuleInfo } from "../../lib";

/** The page of all rules, each theme a table. */
export function rulesPage(): string {
  const themes = new Map<string, [string, RuleInfo][]>();
  for (const [id, rule] of Object.entries(RULES)) {
    const theme = id.slice(0, id.indexOf("/"));
    themes.set(theme, [...(themes.get(theme) ?? []), [id, rule]]);
  }
  const table = ([theme, rules]: [string, [string, RuleInfo][]]) => [
    `## ${theme}`,
    "",
    "| rule | what it wants | severity | Nomad |",
    "| --- | --- | --- | --- |",
    ...rules.map(([id, rule]) => `| \`${id}\` | ${rule.title} | ${severityOf(rule)} | ${releasesOf(rule)} |`),
    "",
  ];
  return [
    "# Rules",
    "",
    "What `job.validate()`, synthesis and `cdk-nomad validate` judge jobs by. An error is what a server refuses. A warning is what it lets pass: `NomadJob` takes",
    "`allow` with the id of its rule, so that synthesis does not stop at it, or with a rule and a name, such as `secret/literal:API_KEY`, of which nothing is said then.",
    "",
    ...[...themes].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(table),
  ].join("\n");
}

function severityOf({ severity, stopsSynthesis }: RuleInfo): string {
  return stopsSynthesis ? `${severity}; stops synthesis also where a server lets it pass` : severity;
}

function releasesOf({ since, until }: RuleInfo): string {
  if (since !== undefined && until !== undefined) return `${since} to before ${until}`;
  if (since !== undefined) return `since ${since}`;
  return until === undefined ? "every one" : `before ${until}`;
}
