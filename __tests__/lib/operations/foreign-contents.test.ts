import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as fc from "fast-check";
import { UserError } from "../../../lib/errors";
import { readContents, readForeignContents, stackNames } from "../../../lib/operations";
import { draws } from "../../support/draws";

// Many files and processes take their time on a machine that does other things too.

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cdk-nomad-foreign-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

const STACK = "stacks/dev/cdk.tf.json";
const web = (job: object = {}) =>
  JSON.stringify({ Job: { ID: "web", TaskGroups: [{ Name: "web", Count: 2 }], ...job } });
const oneJob = (jobspec: unknown, more: object = {}) => ({ resource: { nomad_job: { web: { jobspec, ...more } } } });

/** Reads a stack of a pull request that is this. */
function foreign(stack: unknown, variables: Readonly<Record<string, string>> = {}) {
  write(STACK, typeof stack === "string" ? stack : JSON.stringify(stack));
  return readForeignContents(folder, "dev", variables);
}

function caught(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

const deep = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
const deepKeys = (depth: number) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
const many = (count: number, resource: (index: number) => unknown) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`n${index}`, resource(index)]));

describe("a stack of a pull request", () => {
  test("is read as that of the own program, where it is as cdktf writes it", () => {
    const stack = {
      variable: { tag: { type: "string", default: "latest" } },
      resource: {
        nomad_job: { web: { jobspec: web({ Meta: { tag: "${var.tag}" } }), "//": { metadata: { path: "dev/web" } } } },
        consul_key_prefix: { keys: { path_prefix: "shop/", subkeys: { a: "1", b: "${var.tag}" } } },
        consul_config_entry: {
          defaults: { kind: "service-defaults", name: "web", config_json: '{"Protocol":"http"}' },
        },
        vault_policy: { other: {} },
      },
    };
    const { unknown, ...contents } = foreign(stack, { tag: "1.2" });
    expect(contents).toEqual(readContents(folder, "dev", { variables: { tag: "1.2" }, env: {} }));
    expect([unknown, contents.objects.map(({ kind }) => kind)]).toEqual([[], ["job", "keys", "entry"]]);
  });

  test.each<[string, unknown, RegExp]>([
    ["a text", '"web"', /is no object/],
    ["a list", "[]", /is no object/],
    ["nothing", "", /is no JSON/],
    ["lists in lists", `{"resource":${deep(100_000)}}`, /nested more than 64 deep/],
    ["objects in objects", `{"resource":${deepKeys(100_000)}}`, /nested more than 64 deep/],
    ["a prototype", '{"resource":{"nomad_job":{"__proto__":{"jobspec":"{}"}}}}', /a key "__proto__"/],
    ["a prototype, escaped", '{"resource":{"nomad_job":{"\\u005f_proto__":{"jobspec":"{}"}}}}', /a key "__proto__"/],
    ["resources that are a list", { resource: [] }, /resource: is no object/],
    ["a resource that is a text", { resource: { nomad_job: { web: "x" } } }, /resource\.nomad_job\.web: .*Object/],
    ["a job named constructor", { resource: { nomad_job: { constructor: {} } } }, /nomad_job\.constructor\.jobspec/],
    ["a job that is an object", oneJob({ Job: {} }), /nomad_job\.web\.jobspec: .*string/],
    ["a job that is HCL", oneJob('job "web" {}'), /web: is no JSON/],
    ["a job without an id", oneJob('{"Job":{}}'), /web\.Job\.ID/],
    ["a job with an empty id", oneJob('{"Job":{"ID":""}}'), /web\.Job\.ID/],
    ["a job whose id is a book", oneJob(web({ ID: "x".repeat(600) })), /web\.Job\.ID: is longer than 512/],
    ["a job whose id is a list", oneJob('{"Job":{"ID":["web"]}}'), /web\.Job\.ID/],
    ["a namespace that is an object", oneJob(web({ Namespace: {} })), /web\.Job\.Namespace/],
    ["groups that are a text", oneJob(web({ TaskGroups: "web" })), /web\.Job\.TaskGroups/],
    ["a group that is null", oneJob(web({ TaskGroups: [null] })), /web\.Job\.TaskGroups\.0/],
    ["a count below zero", oneJob(web({ TaskGroups: [{ Count: -1 }] })), /TaskGroups\.0\.Count/],
    ["a billion allocations", oneJob(web({ TaskGroups: [{ Count: 1e9 }] })), /asks for 1000000000 allocations/],
    ["a deep job", oneJob(`{"Job":{"ID":"web","Meta":${deep(1000)}}}`), /web: is nested more than 64 deep/],
    ["a job of 2 MB", oneJob(web({ Meta: { big: "x".repeat(2 ** 21) } })), /is a job of \d+ characters/],
    ["a prototype in a job", oneJob('{"Job":{"ID":"web","__proto__":{}}}'), /web: has a key "__proto__"/],
    ["10,000 jobs", { resource: { nomad_job: many(10_000, () => ({ jobspec: web() })) } }, /dev: has 10000 resources/],
    ["501 jobs", { resource: { nomad_job: many(501, () => ({ jobspec: web() })) } }, /has 501 jobs, more than the 500/],
    ["a file", oneJob('${file("/etc/passwd")}'), /depends on file\(\), which only Terraform knows/],
    ["a template of a file", oneJob('${templatefile("/etc/passwd", {})}'), /which only Terraform knows/],
    ["an expression that is not known", oneJob("${1 + 1}"), /only Terraform knows|is not closed/],
    ["a directive", oneJob("%{ for x in y }{}%{ endfor }"), /which only Terraform knows/],
    ["a function of every object", oneJob("${constructor(1)}"), /which only Terraform knows/],
    ["another resource's value", oneJob("${nomad_job.db.jobspec}"), /which only Terraform knows/],
    ["a count of jobs", oneJob(web(), { count: 3 }), /depends on "count", which only Terraform knows/],
    ["each of a list", oneJob(web(), { for_each: ["a"] }), /depends on "for_each"/],
    ["what depends on no text", oneJob(web(), { depends_on: [1] }), /depends_on\.0/],
    ["a rollout of no waves", oneJob(web(), { "//": { rollout: { id: "a", wave: "x", onFailure: "" } } }), /wave/],
    ["a key's value that is an object", keys("shop/", { a: {} }), /subkeys\.a: is no text/],
    ["every key there is", keys("", {}), /is a prefix of every key/],
    ["the keys of every team that begins so", keys("s", {}), /is a prefix of every key/],
    [
      "6,000 keys",
      keys(
        "shop/",
        many(6_000, () => "x"),
      ),
      /has 6000 keys, more than the 5000/,
    ],
    ["an entry that is a list", entry("[]"), /is no configuration entry/],
    ["a kind that is a list", entry("{}", { kind: [] }), /consul_config_entry\.e\.kind/],
    ["501 variables", { variable: many(501, () => ({})) }, /has 501 variables, more than the 500/],
    ["a name of 2 MB", { resource: { vault: { ["x".repeat(2e6)]: 1 } } }, /^resource\.vault\.x{285}…: .{1,80}$/m],
    ["a place of 2 MB", oneJob(web(), { "//": { metadata: { path: "x".repeat(2e6) } } }), /metadata\.path: .{1,80}$/],
    ["variables that are a list", { variable: [] }, /variable: is no object/],
    ["a validation that is a text", { variable: { a: { default: "", validation: "x" } } }, /variable\.a\.validation/],
  ])("is refused in words where it has %s", (_what, stack, message) => {
    expect(() => foreign(stack)).toThrow(UserError);
    expect(() => foreign(stack)).toThrow(message);
  });

  const long = (text: string, validation: object = {}) => ({ a: { type: "string", default: text, ...validation } });
  const validated = (condition: string) => ({ validation: [{ condition, error_message: "no" }] });
  const MILLIONS = 15_000_000;

  test.each<[string, object, RegExp]>([
    [
      "counts the letters of a long text often",
      { variable: long("a".repeat(MILLIONS), validated(`\${contains([${"length(var.a),".repeat(50)}], 1)}`)) },
      /dev: its templates read and write more than/,
    ],
    [
      "writes a long text often",
      { variable: long("a".repeat(8_000_000)), ...oneJob("${var.a}".repeat(100_000)) },
      /dev: its templates read and write more than/,
    ],
    [
      "writes a long list often, which a sensitive variable would reach",
      {
        variable: { a: { type: "list(string)", default: ["a".repeat(8_000_000)] }, b: { sensitive: true } },
        ...oneJob(`\${var.b}${"${jsonencode(var.a)}".repeat(1000)}`),
      },
      /dev: its templates read and write more than/,
    ],
    [
      "looks a long text through often",
      {
        variable: long("a".repeat(MILLIONS), validated(`\${contains([${'regex("b", var.a),'.repeat(50)}], 1)}`)),
      },
      /dev: its templates read and write more than/,
    ],
    [
      "multiplies a number of millions of digits",
      { variable: long("9".repeat(MILLIONS)), ...oneJob("${var.a * var.a}") },
      /web: depends on \* of a text of more than 400 characters/,
    ],
    [
      "refuses a long value",
      { variable: long("a".repeat(MILLIONS), validated('${contains(["a"], var.a)}')) },
      /^var\.a: "a{199}… is refused: no$/m,
    ],
  ])("that %s is refused soon, in few words", (_what, stack, message) => {
    const read = caught(() => foreign(stack));
    expect(read).toBeInstanceOf(UserError);
    expect((read as UserError).message).toMatch(message);
    expect((read as UserError).message.length).toBeLessThan(1000);
  });

  test("whatever it is, is read or refused in words", () => {
    const names = fc.constantFrom("resource", "variable", "nomad_job", "consul_key_prefix", "jobspec", "Job", "//");
    const key = fc.oneof(names, fc.constantFrom("rollout", "metadata", "depends_on", "default", "type"), fc.string());
    const { any } = fc.letrec<{ any: unknown }>((tie) => ({
      any: fc.oneof(
        { depthSize: "medium" },
        fc.constantFrom<unknown>(null, true, 0, -1, "", web(), "${var.a}", "${", '{"Job":null}'),
        fc.string(),
        fc.array(tie("any"), { maxLength: 3 }),
        fc.dictionary(key, tie("any"), { maxKeys: 4 }),
      ),
    }));
    const some = fc.record({ resource: fc.dictionary(names, any), variable: any }, { requiredKeys: [] });
    const drawn = fc.property(fc.oneof(any, some), (stack) => {
      write(STACK, JSON.stringify(stack));
      for (const read of [
        () => readForeignContents(folder, "dev", {}),
        () => readContents(folder, "dev", { variables: {}, env: {} }),
      ]) {
        try {
          read();
        } catch (error) {
          if (!(error instanceof UserError)) throw error;
        }
      }
    });
    expect(fc.check(drawn, { numRuns: draws(300) })).toMatchObject({ failed: false, error: null });
  });

  test("names of every kind stay what they are", () => {
    for (const id of ["../../../acl/policy/x", "a/../b", "#1", "@team", "-->", "a\u2028b", "constructor", "toString"]) {
      const { objects } = foreign(oneJob(web({ ID: id, Namespace: id })));
      expect(objects).toMatchObject([{ kind: "job", job: { ID: id, Namespace: id } }]);
    }
  });

  test("10,000 resources in one chain, and in one circle, are put in order", () => {
    const chain = many(2_000, (index) => ({ depends_on: [`vault_policy.n${(index + 1) % 2_000}`] }));
    expect(foreign({ resource: { vault_policy: chain } }).terraformOnly).toHaveLength(2_000);
    const long = many(20_000, (index) => ({ depends_on: [`vault_policy.n${index + 1}`] }));
    write(STACK, JSON.stringify({ resource: { vault_policy: long } }));
    const { terraformOnly } = readContents(folder, "dev", { variables: {}, env: {} });
    expect([terraformOnly.length, terraformOnly[0]?.path]).toEqual([20_000, "n19999"]);
  });
});

describe("variables of a pull request's stack", () => {
  const stack = {
    variable: {
      tag: { type: "string", default: "latest" },
      password: { type: "string", sensitive: true, default: "of the program" },
      region: { type: "string" },
    },
    ...oneJob(web({ Meta: { tag: "${var.tag}", password: "${var.password}", region: "${var.region}" } })),
  };

  test("have what is given for everybody to read, and never an environment's value or a sensitive one", () => {
    process.env.TF_VAR_region = "planted in the environment";
    try {
      const { objects, unknown, sensitive } = foreign(stack, { tag: "1.2", password: "planted", gone: "x" });
      expect(JSON.stringify(objects)).toContain('"tag":"1.2"');
      expect(JSON.stringify([objects, sensitive])).not.toContain("planted");
      expect([unknown, sensitive]).toEqual([
        ["password", "region"],
        ["(the value of password)", "(the value of region)"],
      ]);
    } finally {
      delete process.env.TF_VAR_region;
    }
  });

  test("of other types without a value are refused, since nothing can stand for them", () => {
    const secret = { variable: { port: { type: "number", sensitive: true, default: 8080 } }, ...oneJob(web()) };
    expect(() => foreign(secret)).toThrow(/var\.port: has no value/);
    expect(() => foreign(secret, { port: "9090" })).toThrow(/var\.port: has no value/);
  });
});

describe("a folder of somebody else's files", () => {
  const reading =
    (name = "dev") =>
    () =>
      readForeignContents(folder, name, {});

  test("that is none, is named", () => {
    expect(() => readForeignContents(join(folder, "nowhere"), "dev", {})).toThrow(/is no folder of synthesized files/);
    expect(() => readForeignContents(write("file", "x"), "dev", {})).toThrow(/is no folder of synthesized files/);
  });

  test.each(["link to a file", "link to a folder", "pipe"])(
    "with a %s is refused, and nothing of it is read",
    (kind) => {
      const outside = mkdtempSync(join(tmpdir(), "cdk-nomad-outside-"));
      try {
        mkdirSync(join(outside, "dev"));
        writeFileSync(join(outside, "dev/cdk.tf.json"), JSON.stringify(oneJob(web())));
        if (kind === "link to a folder") symlinkSync(outside, join(folder, "stacks"));
        else {
          mkdirSync(join(folder, "stacks/dev"), { recursive: true });
          if (kind === "pipe") execFileSync("mkfifo", [join(folder, STACK)]);
          else symlinkSync(join(outside, "dev/cdk.tf.json"), join(folder, STACK));
        }
        expect(reading()).toThrow(/is neither a file nor a folder; links are not followed/);
      } finally {
        rmSync(outside, { recursive: true });
      }
    },
  );

  test("too large, too many and too deep are refused before they are read", () => {
    write(STACK, JSON.stringify(oneJob(web())));
    truncateSync(join(folder, STACK), 17 * 1024 * 1024);
    expect(reading()).toThrow(/has 17825792 bytes, more than the 16777216 that are read/);
    truncateSync(join(folder, STACK), 3 * 1024 * 1024 * 1024);
    expect(reading()).toThrow(/holds more than 64 MiB/);
    rmSync(join(folder, "stacks"), { recursive: true });
    const first = write("many/n", "");
    for (let index = 0; index < 2_000; index += 1) linkSync(first, join(folder, `many/n${index}`));
    expect(reading()).toThrow(/holds more than 2000 files/);
    rmSync(join(folder, "many"), { recursive: true });
    write(`${"a/".repeat(40)}b`, "");
    expect(reading()).toThrow(/has folders more than 10 deep/);
  });

  test.each(["../dev", "..", ".", "", "a/b", "a\\b", "de\0v", "x".repeat(5000), "__proto__", "-h"])(
    "has no stack of the name %j",
    (name) => {
      write("cdk.tf.json", JSON.stringify(oneJob(web())));
      write("manifest.json", JSON.stringify({ stacks: { dev: {}, prod: {} } }));
      expect(reading(name)).toThrow(
        /there is no such environment; write (?:one of dev, prod|dev, or one of prod|prod, or one of dev)$/,
      );
    },
  );

  test.each(["[]", '{"stacks":[]}', '{"stacks":null}', "null", deep(600), '{"stacks":{"__proto__":{}}}'])(
    "has a manifest that is none (%#)",
    (text) => {
      write("manifest.json", text);
      expect(reading()).toThrow(/manifest\.json: /);
      expect(() => stackNames(folder)).toThrow(UserError);
    },
  );
});

function keys(path_prefix: string, subkeys: object): object {
  return { resource: { consul_key_prefix: { k: { path_prefix, subkeys } } } };
}

function entry(config_json: string, more: object = {}): object {
  return { resource: { consul_config_entry: { e: { kind: "service-defaults", name: "web", config_json, ...more } } } };
}
