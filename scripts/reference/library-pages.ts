import type { CallEntry, LibraryContent, LibraryEntry, LibraryPage, PropertyEntry } from "./library";
import { cell, type Page } from "./pages";

/** The parts of the library beside its blocks; what one has, those below it do not name again. */
export const LIBRARY_PAGES: readonly LibraryPage[] = [
  {
    file: "constructs.md",
    title: "Constructs",
    intro: ["What a program of cdktf puts into its stacks, and what it says of them. Imported from `cdk-nomad`."],
    modules: ["lib/constructs/index.ts"],
  },
  {
    file: "workloads.md",
    title: "Workloads",
    intro: ["Jobs of Prism and Polydev, with what they need of Consul. Imported from `cdk-nomad`."],
    modules: ["lib/workloads/index.ts"],
  },
  {
    file: "pool-jobs.md",
    title: "Jobs of pools",
    intro: [
      "The jobs that pools consist of, to deploy them. Imported from `cdk-nomad`, and from `cdk-nomad/pools`, which loads no CDK.",
      "How they are used stands in [pools](../pools.md).",
    ],
    modules: ["lib/pools/jobs/published.ts"],
  },
  {
    file: "pools.md",
    title: "Pools",
    intro: [
      "What an application leases containers, slots and browsers with. Imported from `cdk-nomad/pools`, which loads no CDK. How it is used stands in [pools](../pools.md).",
    ],
    modules: ["lib/pools/index.ts"],
  },
  {
    file: "testing.md",
    title: "Testing",
    intro: [
      "For the tests of programs: `SynthesizedStack` and `Match` are imported from `cdk-nomad/testing` ([testing](../testing.md)), the rest from `cdk-nomad/pools/testing`.",
    ],
    modules: ["lib/testing/index.ts", "lib/pools/testing/index.ts"],
  },
  {
    file: "problems.md",
    title: "Problems, and what else there is",
    intro: ["What `cdk-nomad` exports beside its blocks, constructs, workloads and jobs of pools."],
    modules: ["lib/index.ts"],
  },
];

/** Where each name has its docs: its page, with its heading there. */
type Places = ReadonlyMap<string, string>;

/**
 * The pages of the library's parts.
 *
 * @param blocks the page of each block and value, by its name
 */
export function libraryPages(content: LibraryContent, blocks: Places): readonly Page[] {
  const places = new Map(blocks);
  for (const { page, entries } of content) {
    const anchors = anchorsOf(entries);
    for (const { name, propsName } of entries)
      for (const each of propsName === undefined ? [name] : [name, propsName])
        places.set(each, `${page.file}${anchors.get(name)}`);
  }
  return content.map(({ page, entries }) => ({ file: page.file, text: pageText(page, entries, places) }));
}

/** Where the headings of a page are, as GitHub counts those that differ in capitals alone. */
function anchorsOf(entries: readonly LibraryEntry[]): Places {
  const times = new Map<string, number>();
  return new Map(
    entries.map(({ name }) => {
      const slug = name.replaceAll(".", "").toLowerCase();
      const before = times.get(slug) ?? 0;
      times.set(slug, before + 1);
      return [name, before === 0 ? `#${slug}` : `#${slug}-${before}`];
    }),
  );
}

function pageText({ title, intro }: LibraryPage, entries: readonly LibraryEntry[], places: Places): string {
  const anchors = anchorsOf(entries);
  return [
    `# ${title}`,
    "",
    ...intro,
    "",
    "Made by `npm run reference` of the doc comments in lib. A `?` behind a name says that it may be left out.",
    "",
    "| name | |",
    "| --- | --- |",
    ...entries.map((entry) => `| [${entry.name}](${anchors.get(entry.name)}) | ${cell(firstSentence(entry))} |`),
    "",
    ...entries.flatMap((entry) => section(entry, places)),
  ].join("\n");
}

/** A function is described where its signature stands. */
function firstSentence({ text, methods: [first] }: LibraryEntry): string {
  const [all = ""] = (text === "" ? (first?.text ?? "") : text).split("\n");
  return /^.*?[.:](?= [A-Z`])/.exec(all)?.[0].replace(/:$/, ".") ?? all;
}

function section(entry: LibraryEntry, places: Places): readonly string[] {
  const { name, kind, text, see, base, code, propsName, props, alsoTakes, members, constructors, methods } = entry;
  const baseAt = base === undefined ? undefined : places.get(base);
  return [
    `## ${name}`,
    "",
    ...(text === "" ? [] : [prose(text), ""]),
    ...(kind === "function" ? methods.flatMap(functionText) : []),
    ...(see ? [`The page that it follows: <${see}>`, ""] : []),
    ...(baseAt ? [`It is a [${base}](${baseAt}), with all that one has.`, ""] : []),
    ...(code ? ["```ts", code, "```", ""] : []),
    ...propertyTable(propsName ? `\`${propsName}\`` : "property", props, places),
    ...(alsoTakes.length > 0
      ? [`Beside these, it has the properties of ${alsoTakes.map((each) => `\`${each}\``).join(" and ")}.`, ""]
      : []),
    ...propertyTable(kind === "class" ? "what can be read" : "property", members, places),
    ...(kind === "function" ? [] : callTable([...constructors, ...methods])),
    ...entry.examples.flatMap((example) => ["```ts", example, "```", ""]),
  ];
}

function functionText({ signature, text, notes }: CallEntry): readonly string[] {
  return [
    prose(text),
    "",
    "```ts",
    signature,
    "```",
    "",
    ...(notes.length > 0 ? [...notes.map((note) => `- ${prose(note)}`), ""] : []),
  ];
}

function callTable(calls: readonly CallEntry[]): readonly string[] {
  if (calls.length === 0) return [];
  const rows = calls.map(
    ({ signature, text, notes }) => `| ${codeCell(signature)} | ${cell([text, ...notes].join(" "))} |`,
  );
  return ["| call | |", "| --- | --- |", ...rows, ""];
}

function propertyTable(title: string, properties: readonly PropertyEntry[], places: Places): readonly string[] {
  if (properties.length === 0) return [];
  const withDefaults = properties.some(({ byDefault }) => byDefault !== undefined);
  const row = ({ name, type, isPublished, byDefault = "", text }: PropertyEntry) =>
    [
      codeCell(name),
      isPublished ? typeCell(type, places) : codeCell(type),
      ...(withDefaults ? [cell(byDefault.replace(/^- /, ""))] : []),
      cell(text),
    ].join(" | ");
  const head = [title, "type", ...(withDefaults ? ["default"] : []), ""];
  return [
    `| ${head.join(" | ")} |`,
    `| ${head.map(() => "---").join(" | ")} |`,
    ...properties.map((each) => `| ${row(each)} |`),
    "",
  ];
}

function typeCell(type: string, places: Places): string {
  const place = places.get(type);
  return place === undefined ? codeCell(type) : `[${type}](${place})`;
}

/** Code in a cell of a table, where a bar would begin another cell. */
function codeCell(text: string): string {
  if (text === "") return "";
  const fence = text.includes("`") ? "``" : "`";
  return `${fence}${text.replaceAll("|", "\\|")}${fence}`;
}

/** A text outside of a table: within code, `<` is itself. */
function prose(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith("`") ? part : part.replaceAll("<", "&lt;")))
    .join("");
}
