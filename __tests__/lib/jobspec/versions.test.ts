import { Check, Driver, Duration, Job, Network, Port, Task, TaskGroup, type Problem } from "../../../lib";
import { definitionOf, type Block, type BlockDefinition } from "../../../lib/jobspec/engine";
import { since, until } from "../../../scripts/versions/fields.json";

/** The release of each field that says one, by its place in the API: the first that has it, or the first that does nothing with it. */
function marked(
  mark: "since" | "until",
  definition: BlockDefinition,
  found: Record<string, string> = {},
  seen = new Set<string>(),
): typeof found {
  if (seen.has(definition.api)) return found;
  seen.add(definition.api);
  for (const { field } of definition.list) {
    for (const api of field.api)
      if (field.options[mark] !== undefined) found[`${definition.api}.${api}`] = field.options[mark];
    if (field.of) marked(mark, definitionOf(field.of() as new () => Block), found, seen);
  }
  return found;
}

test("the first release of each field is the one in which Nomad's sources have it first", () => {
  expect(marked("since", definitionOf(Job))).toEqual(since);
});

test("the first release that does nothing with a field is the one whose sources say so", () => {
  expect(marked("until", definitionOf(Job))).toEqual(until);
});

test.each([
  ["1.9", ["warning field/deprecated"]],
  ["1.10", ["warning target/version"]],
])("a field that Nomad 1.10 does nothing with, for a Nomad %s", (nomadVersion, expected) => {
  expect(said(jobWith({ maxClientDisconnect: Duration.hours(1) }).validate({ nomadVersion }))).toEqual(expected);
});

const jobWith = (group: Partial<ConstructorParameters<typeof TaskGroup>[0]>, type: "batch" | "service" = "service") =>
  new Job({
    id: "web",
    type,
    groups: [
      new TaskGroup({
        name: "web",
        tasks: [new Task({ name: "web", driver: Driver.docker({ image: "web:1" }) })],
        ...group,
      }),
    ],
  });
const said = (problems: readonly Problem[]) => problems.map(({ rule, severity }) => `${severity} ${rule}`);

test.each([
  ["1.8", ["warning target/version"]],
  ["1.9", []],
  ["2.0", []],
])("a field of 1.9 for a Nomad %s", (nomadVersion, expected) => {
  const networks = [new Network({ ports: [new Port({ label: "http", static: 80, ignoreCollision: true })] })];
  expect(said(jobWith({ networks }).validate({ nomadVersion }))).toEqual(expected);
  const none = [new Network({ ports: [new Port({ label: "http", static: 80, ignoreCollision: false })] })];
  expect(jobWith({ networks: none }).validate({ nomadVersion })).toEqual([]);
});

test.each([
  ["1.11", "service", Duration.minutes(1), ["warning target/version"]],
  ["2.0", "service", Duration.minutes(1), ["error group/run-duration"]],
  ["2.0", "batch", Duration.minutes(1), []],
  ["2.0", "batch", Duration.zero, ["error group/run-duration"]],
] as const)("the longest run for a Nomad %s, of a %s job", (nomadVersion, type, maxRunDuration, expected) => {
  expect(said(jobWith({ maxRunDuration }, type).validate({ nomadVersion }))).toEqual(expected);
});

test("a service without a delay before its end is warned of since 2.0", () => {
  const services = [{ name: "web", port: "http", checks: [Check.tcp()] }];
  const job = jobWith({ services, networks: [Network.host(Port.dynamic("http"))] });
  expect(said(job.validate({ nomadVersion: "1.11" }))).toEqual([]);
  expect(said(job.validate({ nomadVersion: "2.0" }))).toEqual(["warning group/shutdown-delay"]);
  const delayed = job.with({ groups: job.groups?.map((group) => group.with({ shutdownDelay: Duration.seconds(5) })) });
  expect(delayed.validate({ nomadVersion: "2.0" })).toEqual([]);
});

/** A field that came with some release, with what is around it in the API: JSON of a job in which it has a value. */
interface Newer {
  readonly name: string;
  readonly since: string;
  readonly jobWith: (value: unknown) => unknown;
}

function newerFields(
  definition: BlockDefinition,
  around: (block: unknown) => unknown = (job) => job,
  seen: readonly string[] = [],
): readonly Newer[] {
  if (seen.includes(definition.api)) return [];
  return definition.list.flatMap(({ field }) => {
    const api = field.api[0] as string;
    const { since: first } = field.options;
    const own =
      first === undefined
        ? []
        : [
            {
              name: `${definition.api}.${api}`,
              since: first,
              jobWith: (value: unknown) => around({ [api]: value }),
            },
          ];
    if (!field.of) return own;
    const held = { block: (value: unknown) => value, blocks: (value: unknown) => [value] }[field.kind as string];
    const inside = definitionOf(field.of() as new () => Block);
    if (!held) return own;
    return [...own, ...newerFields(inside, (value) => around({ [api]: held(value) }), [...seen, definition.api])];
  });
}

const ONE_BEFORE: Record<string, string> = { "1.9": "1.8", "1.10": "1.9", "1.11": "1.10", "2.0": "1.11" };

test.each([...new Map(newerFields(definitionOf(Job)).map((field) => [field.name, field])).values()])(
  "$name, of another kind than its own, is ignored by a Nomad of before $since, and refused from then on",
  ({ since: first, jobWith: json }) => {
    const { job, problems } = Job.read(json([[1]]));
    expect(problems.filter(({ severity }) => severity === "error")).toEqual([]);
    const judged = (nomadVersion: string) =>
      said(job?.validate({ nomadVersion }) ?? []).filter((each) => each.endsWith(" import/type"));
    expect(judged(ONE_BEFORE[first] as string)).toEqual([]);
    expect(judged(first)).not.toEqual([]);
    expect(JSON.stringify(job?.toApi())).toBe(JSON.stringify({ Job: json([[1]]) }));
  },
);

test("a field that a Nomad does not know yet is not judged for it", () => {
  const { job } = Job.read({ TaskGroups: [{ Tasks: [{ Identities: [{ Name: "a", ExtraClaims: ["\ud800"] }] }] }] });
  expect(said(job?.validate({ nomadVersion: "1.11" }) ?? [])).not.toContain("error field/type");
});

test.each([
  ["Services", "warning field/senseless"],
  ["Tasks", "error field/range"],
])("what a token's renewal changes is judged of tasks, and not of services: %s", (where, expected) => {
  const holder = { Name: "web", Identity: { Name: "web_1", Audience: ["a"], ChangeMode: "${meta.x}" } };
  const found = Job.fromApi({ TaskGroups: [{ [where]: [holder] }] }).validate();
  expect(
    found.filter(({ path }) => path.at(-1) === "changeMode").map(({ rule, severity }) => `${severity} ${rule}`),
  ).toEqual([expected]);
});
