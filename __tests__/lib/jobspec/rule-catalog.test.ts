import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Testing, TerraformStack } from "cdktf";
import { Cpu, Driver, Job, NomadJob, RULES, Task, TaskGroup, type RuleId } from "../../../lib";

const task = new Task({
  name: "t",
  driver: Driver.rawExec({ command: "/bin/true" }),
  resources: { cpu: Cpu.cores(1) },
});
const job = new Job({ id: "web", groups: [new TaskGroup({ name: "g", tasks: [task] })] });
const LIB = join(__dirname, "../../../lib");

test("every rule of the catalog is one that some file of the library reports", () => {
  const sources = readdirSync(LIB, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.includes("jobspec/catalog"))
    .map((file) => readFileSync(join(LIB, file), "utf8"));
  const made = (id: string) => [`"${id}"`, `/${id.slice(id.indexOf("/") + 1)}\``];
  const unused = Object.keys(RULES).filter((id) => !sources.some((text) => made(id).some((one) => text.includes(one))));
  expect(unused).toEqual([]);
});

test.each(Object.entries(RULES))(
  "%s has a title that ends without a stop, and releases in their order",
  (_id, rule) => {
    expect(rule.title).toMatch(/^[A-Z].*[^.]$/);
    expect(Number(rule.since ?? 0)).toBeLessThan(Number(rule.until ?? Infinity));
  },
);

test("a rule says nothing of a Nomad for which it does not hold", () => {
  const cores = job.withEachTask((each) => each.with({ resources: { cpu: Cpu.cores(-1) } }));
  expect(cores.validate({ nomadVersion: "1.11" }).map(({ rule }) => rule)).not.toContain("resources/cores");
  expect(cores.validate({ nomadVersion: "2.0" }).map(({ rule }) => rule)).toContain("resources/cores");
});

describe("allow", () => {
  const allowing = (...allow: readonly string[]) => {
    const stack = new TerraformStack(Testing.app(), "test");
    return new NomadJob(stack, "app", { job, allow: allow as readonly RuleId[] });
  };

  test("takes rules, and rules with a name", () => {
    expect(() => allowing("secret/literal", "secret/literal:API:KEY")).not.toThrow();
  });

  test("refuses what is no rule, with the nearest, and compiles with no other", () => {
    expect(() => allowing("secret/litteral")).toThrow(
      'app.allow: there is no rule "secret/litteral"; write "secret/literal"',
    );
    expect(() => allowing("constructor")).toThrow(/there is no rule "constructor"/);
    const stack = new TerraformStack(Testing.app(), "test");
    // @ts-expect-error -- no rule
    expect(() => new NomadJob(stack, "app", { job, allow: ["secret/litteral"] })).toThrow(/no rule/);
  });
});
