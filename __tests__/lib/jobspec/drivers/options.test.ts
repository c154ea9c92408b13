import {
  type Block,
  DockerConfig,
  Driver,
  ExecConfig,
  JavaConfig,
  Job,
  PodmanConfig,
  QemuConfig,
  RawExecConfig,
} from "../../../../lib";
import { definitionOf, type Field } from "../../../../lib/jobspec/engine";
import { toTypeScript } from "../../../../lib/typescript";
import { options as drivers } from "../../../../scripts/drivers/options.json";
import { schemaIn, type Option, type Options } from "../../../../scripts/drivers/schema";
import { corpus, testWithCorpus } from "../../../support/corpus";

type BlockType = abstract new (...args: never[]) => Block;
const CLASSES: Readonly<Record<keyof typeof drivers, BlockType>> = {
  docker: DockerConfig,
  exec: ExecConfig,
  raw_exec: RawExecConfig,
  java: JavaConfig,
  qemu: QemuConfig,
  podman: PodmanConfig,
};

/** Options of newer releases of a driver than the one that was read. */
const NEWER: Readonly<Record<string, readonly string[]>> = { podman: ["security_opt"] };

/** What a definition calls a value of a kind. */
const KINDS: ReadonlyMap<string, string> = new Map([
  ["string", "string"],
  ["number", "int"],
  ["bool", "bool"],
  ["list(string)", "strings"],
  ["list(map(string))", "string-map"],
  ["list(map(number))", "any-map"],
  // One text or several.
  ["any", "strings"],
  ["block", "block"],
  ["blocks", "blocks"],
]);

function schemaOf(type: BlockType, leftOut: readonly string[] = []): unknown {
  const fields = definitionOf(type).list.map(({ field }) => [field.api[0] ?? "", field] as const);
  return Object.fromEntries(
    fields.filter(([api]) => !leftOut.includes(api)).map(([api, field]) => [api, kindOf(field)]),
  );
}

function kindOf(field: Field): unknown {
  return field.of ? [field.kind, schemaOf(field.of() as BlockType)] : field.kind;
}

function meant(options: Options): unknown {
  return Object.fromEntries(Object.entries(options).map(([name, option]) => [name, meantKind(option)]));
}

function meantKind(option: Option): unknown {
  const kind = KINDS.get(option.kind);
  return "options" in option ? [kind, meant(option.options)] : kind;
}

test.each(Object.entries(CLASSES))(
  "every option of %s has a property of its kind, and nothing else",
  (driver, type) => {
    expect(schemaOf(type, NEWER[driver])).toEqual(meant((drivers as unknown as Record<string, Options>)[driver] ?? {}));
  },
);

test("a schema is read with its blocks, its defaults, and the variables that parts of it stand in", () => {
  const source = `var (
	partSpec = hclspec.NewObject(map[string]*hclspec.Spec{ // of a part
		"size": hclspec.NewDefault(hclspec.NewAttr("size", "number", false), hclspec.NewLiteral(\`"{)"\`)),
	})
	taskConfigSpec = hclspec.NewObject(map[string]*hclspec.Spec{
		"part": hclspec.NewBlockList("part", partSpec),
		"opt": hclspec.NewBlockAttrs("opt", "string", false),
		"image": hclspec.NewAttr("image", "string", true),
	})
)`;
  expect(schemaIn(source)).toEqual({
    part: { kind: "blocks", options: { size: { kind: "number" } } },
    opt: { kind: "list(map(string))" },
    image: { kind: "string", required: true },
  });
  expect(() => schemaIn("package x")).toThrow("there is no taskConfigSpec");
});

const jobWith = (driver: Driver) => new Job({ id: "a", groups: [{ name: "g", tasks: [{ name: "t", driver }] }] });

describe("an option that a driver does not have", () => {
  test.each([
    [
      "docker",
      { image: "a", netwrk_mode: "host" },
      'docker has no option "netwrk_mode" (did you mean "network_mode"?)',
    ],
    ["docker", { image: "a", mount: [{ target: "/a", read_only: true }] }, '(did you mean "readonly"?)'],
    ["raw_exec", { command: "a", image: "b" }, 'raw_exec has no option "image", and'],
    ["java", { "jar-path": "a.jar" }, '(did you mean "jar_path"?)'],
  ])("of %s is a warning with the nearest name", (name, config, message) => {
    const problems = jobWith(Driver.custom(name, config)).validate();
    expect(problems).toEqual([expect.objectContaining({ rule: "driver/option", severity: "warning" })]);
    expect(problems[0]?.message).toContain(message);
  });

  test("is a warning too where it is among overrides", () => {
    const driver = Driver.docker({ image: "a", overrides: { tty_: true } });
    expect(jobWith(driver).validate()).toEqual([
      expect.objectContaining({
        path: ["groups", { index: 0, name: "g" }, "tasks", { index: 0, name: "t" }, "driver", "tty_"],
        severity: "warning",
      }),
    ]);
  });

  test("and one in another form stand beside the driver's properties, each with why", async () => {
    const config = {
      image: "a",
      ports: "http",
      colour: "red",
      port_map: [{ a: 1 }, { b: 2 }],
      auth: { username: "u" },
    };
    const written = await toTypeScript([{ job: jobWith(Driver.custom("docker", config)) }]);
    expect(written).toContain("Driver.docker({");
    expect(written).toContain('// docker takes "ports" in a form that its property does not have.');
    expect(written).toContain('// docker has no option "colour".');
    expect(written).toContain('overrides: { ports: "http", colour: "red"');
  });

  test("that are numbers may be written as texts, and are read as they stand", async () => {
    const written = (config: object) =>
      toTypeScript([{ job: jobWith(Driver.custom("docker", { image: "a", ...config })) }]);
    expect(await written({ port_map: [{ http: "5000", db: 6379 }] })).toContain(
      'Driver.docker({ image: "a", portMap: { http: "5000", db: 6379 } })',
    );
    expect(await written({ port_map: [{ http: "web" }] })).toContain(
      '// docker takes "port_map" in a form that its property does not have.',
    );
    const wrong = Driver.docker({ image: "a", portMap: { http: "web" as never } });
    expect(jobWith(wrong).validate()).toEqual([expect.objectContaining({ rule: "field/type", severity: "error" })]);
  });

  test("is told of twenty, and of the rest how many they are", async () => {
    const options = Object.fromEntries(Array.from({ length: 2000 }, (_, number) => [`option${number}`, number]));
    const before = process.cpuUsage();
    const written = await toTypeScript([{ job: jobWith(Driver.custom("docker", { image: "a", ...options })) }]);
    // The square of their number took a minute for four times as many.
    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(10);
    expect(written.match(/docker has no option/g)).toHaveLength(20);
    expect(written).toContain("// And 1980 more of the options below.");
    expect(written).toContain("option1999: 1999");
  }, 60_000);

  test("is nothing that a driver which is not known here could be asked about", () => {
    expect(jobWith(Driver.custom("virt", { anything: true })).validate()).toEqual([]);
  });
});

test("a driver without what it requires says so where it is written", async () => {
  const written = await toTypeScript([{ job: jobWith(Driver.custom("docker", { tty: true })) }]);
  expect(written).toContain("// The configuration lacks what docker requires.");
  expect(await toTypeScript([{ job: jobWith(Driver.custom("exec")) }])).toContain('Driver.withoutConfig("exec")');
});

testWithCorpus("no driver of the real jobs that Nomad ships with needs Driver.custom", () => {
  const entries = [...corpus(), ...corpus("corpus-2.json")];
  const untyped = entries.flatMap(({ name, job }) =>
    (Job.fromApi(job).groups ?? [])
      .flatMap(({ tasks = [] }) => tasks)
      .filter(({ driver }) => driver?.config !== undefined && driver.name in CLASSES && !driver.typed())
      .map(({ driver }) => `${name}: ${driver.name}`),
  );
  expect(entries.length).toBeGreaterThan(700);
  expect(untyped).toEqual([]);
});
