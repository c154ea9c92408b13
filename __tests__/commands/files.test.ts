import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(__dirname, "../..");
let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "cdk-nomad-files-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function cli(...args: string[]) {
  const clean = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(NOMAD|CONSUL|PRISM)_/.test(name)),
  );
  return spawnSync(process.execPath, [join(ROOT, "bin/cdk-nomad.js"), ...args], {
    cwd: ROOT,
    env: { ...clean, NO_COLOR: "1" },
    encoding: "utf8",
    timeout: 280_000,
  });
}

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content, null, 2));
  return path;
}

const task = { Name: "t", Driver: "exec", Config: { command: "/bin/true" } };
const good = { ID: "good", TaskGroups: [{ Name: "g", Tasks: [task] }] };
const bad = { Job: { ID: "bad", TaskGroups: [{ Name: "g", Count: -1, Tasks: [task] }] } };

describe("cdk-nomad validate", () => {
  test("prints one array, an element per file, and ends with 1 where one has an error", () => {
    const [a, b] = [file("good.json", good), file("bad.json", bad)];
    const said = cli("validate", "--json", a, b);
    expect(said.status).toBe(1);
    expect(JSON.parse(said.stdout)).toEqual([
      { file: a, problems: [] },
      {
        file: b,
        problems: [
          {
            rule: "field/range",
            path: "groups[g].count",
            message: "-1 is out of range; write 0 or more",
            severity: "error",
            line: 7,
          },
        ],
      },
    ]);
    expect(cli("validate", a).status).toBe(0);
  });

  test("says what an upgrade would refuse or warn of, and no warning that is there today", () => {
    const group = (more: object) => ({ ID: "j", TaskGroups: [{ Name: "g", Count: 1, Tasks: [task], ...more }] });
    const path = file("upgrade.json", group({ Services: [{ Name: "web", PortLabel: "8080" }] }));
    const said = cli("validate", "--json", "--upgrade-to", "2.0", path);
    const rules = (JSON.parse(said.stdout) as { problems: { rule: string }[] }[]).map(({ problems }) =>
      problems.map(({ rule }) => rule),
    );
    expect({ rules, status: said.status }).toEqual({ rules: [["group/shutdown-delay"]], status: 0 });
    const refused = cli("validate", "--json", "--upgrade-to", "2.0", file("run.json", group({ MaxRunDuration: 60e9 })));
    expect(refused.stdout).toContain("group/run-duration");
    expect(refused.status).toBe(1);
    const [{ upgrade } = { upgrade: undefined }] = JSON.parse(refused.stdout) as { upgrade?: object }[];
    expect(upgrade).toMatchObject({
      to: "2.0",
      new: [{ rule: "group/run-duration", title: "A longest run is for jobs that end, and longer than nothing" }],
      over: [{ rule: "target/version", message: expect.stringMatching(/since 2\.0, and 1\.11 ignores it/) }],
    });
  });

  test("says which rules came with the later Nomad that concern the jobs, what is over, and where nothing changes", () => {
    const group = (more: object) => ({ ID: "j", TaskGroups: [{ Name: "g", Count: 1, Tasks: [task], ...more }] });
    const upgrade = (name: string, more: object) => {
      const said = cli("validate", "--upgrade-to", "2.0", file(name, group(more)));
      return said.stdout.replaceAll(/\s+/g, " ");
    };
    const came = upgrade("upgrade-words.json", { Services: [{ Name: "web", PortLabel: "8080" }] });
    expect(came).toContain("new with Nomad 2.0: A group with services waits before it ends [group/shutdown-delay]");
    expect(came).not.toContain("over with");
    expect(upgrade("upgrade-same.json", {})).toContain("Nomad 2.0 says of it what the Nomad of today says");
  });

  test("calls nothing well for an upgrade that is refused today, and knows which Nomads there are", () => {
    const wrong = cli("validate", "--upgrade-to", "2.0", file("upgrade-wrong.json", bad));
    expect(wrong.stdout).toContain("-1 is out of range");
    expect(wrong.status).toBe(1);
    const without = file("novalue.nomad.hcl", 'variable "a" { type = string }\njob "web" { datacenters = [var.a] }\n');
    const unread = cli("validate", "--upgrade-to", "2.0", without);
    expect([unread.stdout + unread.stderr, unread.status]).toEqual([expect.stringMatching(/var.*a/), 1]);
    for (const [version, said] of [
      ["banana", /--upgrade-to: "banana" is no version of Nomad/],
      ["9", /--upgrade-to: "9" is no version of Nomad; write two or three numbers .* up to 2\.0/],
      ["3.7", /what Nomad 3\.7 refuses is not known here; write a version up to 2\.0/],
    ] as const) {
      const refused = cli("validate", "--upgrade-to", version, without);
      expect([refused.stdout + refused.stderr, refused.status]).toEqual([expect.stringMatching(said), 1]);
    }
  });

  test("judges a stack for the Nomad that is named", () => {
    const said = cli("validate", "--json", "--upgrade-to", "2.0", "dev");
    expect(said.stderr).toBe("");
    const [{ problems } = { problems: [] }] = JSON.parse(said.stdout) as { problems: { rule: string }[] }[];
    expect(new Set(problems.map(({ rule }) => rule))).toEqual(new Set(["task/shutdown-delay"]));
  });

  test("makes annotations on a pull request", () => {
    const path = file("bad.json", bad);
    expect(cli("validate", "--format", "github", path).stdout).toBe(
      `::error file=${path},line=7,title=field/range::groups[g].count: -1 is out of range; write 0 or more\n`,
    );
  });

  test("judges the stacks of this project, and programs", () => {
    const program = file(
      "jobs.ts",
      `import { Job } from ${JSON.stringify(join(ROOT, "lib"))};\nexport const a = new Job({ id: "a b" });\n`,
    );
    const said = cli("validate", "dev", program);
    expect(said.stdout).toContain("✓ dev\n");
    expect(said.stdout).toContain('"a b" holds a space or a null character; write dashes instead [job/id]');
    expect(said.status).toBe(1);
  });

  const deep = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
  test.each<[string, string | object, RegExp]>([
    ["no JSON", "{", /is no JSON/],
    ["a list", [1], /expected a job as an object, found a list/],
    ["a text", '"job"', /expected a job as an object/],
    ["a wrong kind inside", { ID: "a", TaskGroups: [{ Name: "g", Count: "two" }] }, /expected a whole number/],
    [
      "an integer past 2^53",
      '{"ID":"a","TaskGroups":[{"Name":"g","Count":9007199254740993}]}',
      /expected a whole number/,
    ],
    ["half a surrogate pair", '{"ID":"a\\ud800"}', /half a surrogate pair/],
    ["a number without end", '{"ID":"a","Priority":1e999}', /expected a whole number/],
    ["a key that sets prototypes", '{"__proto__":{"ID":"x"},"ID":"a"}', /"__proto__" is not known here/],
    [
      "something far too deep",
      `{"ID":"a","TaskGroups":[{"Name":"g","Tasks":[{"Name":"t","Driver":"x","Config":{"a":${deep(5000)}}}]}]}`,
      /nested more than 100 deep/,
    ],
  ])("says of %s what is wrong, without a stack", (name, content, message) => {
    const said = cli("validate", file(`${name.replaceAll(/\W/g, "-")}.json`, content));
    expect(said.stdout.replaceAll(/\s+/g, " ")).toMatch(message);
    expect(said.stderr).toBe("");
    expect(said.status).toBe(1);
  });

  test("judges ten thousand tasks", () => {
    const tasks = Array.from({ length: 10_000 }, (_, index) => ({
      ...task,
      Name: `t${index}`,
      Env: { TEXT: "x".repeat(1000) },
      Services: [{ Name: `s${index}`, Provider: "consul" }],
    }));
    const path = file("large.json", JSON.stringify({ ID: "a", TaskGroups: [{ Name: "g", Tasks: tasks }] }));
    // What took the square of their number would take hours.
    expect(cli("validate", path).status).toBe(0);
  }, 300_000);
});

describe("cdk-nomad import", () => {
  test("writes nothing where one of the files cannot be read", () => {
    const out = join(folder, "out.ts");
    const said = cli("import", file("good.json", good), file("broken.json", "{"), "--out", out);
    expect(said.status).toBe(1);
    expect(existsSync(out)).toBe(false);
  });

  test("writes a module, and names what it kept without knowing it", () => {
    const out = join(folder, "made", "out.ts");
    const said = cli("import", file("new.json", { ...good, Tomorrow: 1 }), "--out", out);
    expect(said.status).toBe(0);
    expect(said.stderr).toContain(`Nomad's field "Tomorrow" is not known here; kept as it is`);
    expect(readFileSync(out, "utf8")).toContain("export const good = new Job({");
  });
});

describe("cdk-nomad render", () => {
  test("prints JSON and HCL", () => {
    const path = file("good.json", good);
    expect(JSON.parse(cli("render", path).stdout)).toEqual({ Job: good });
    expect(cli("render", path, "--format", "hcl").stdout).toMatch(/^job "good" \{\n {2}group "g" \{/);
    const jobs = JSON.parse(cli("render", "dev").stdout) as { Job: { ID: string } }[];
    expect(jobs.map(({ Job: { ID } }) => ID)).toContain("prism-stack");
    expect(cli("render", "dev", "nope").stderr).toContain('dev: has no job "nope"; write one of');
  });
});
