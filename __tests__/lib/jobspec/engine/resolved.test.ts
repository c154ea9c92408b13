import { Duration, Memory, Restart, Task, TaskGroup, Update, Driver, EphemeralDisk, type Block } from "../../../../lib";
import { definitionOf } from "../../../../lib/jobspec/host";
import { BLOCKS, sampleOf } from "../../../support/every-field";

const group = new TaskGroup({ name: "g", tasks: [new Task({ name: "t", driver: Driver.rawExec({ command: "/x" }) })] });

test("what was not written reads as what a server fills in, beside what was written", () => {
  const count: number = group.resolved.count;
  expect([group.count, count]).toEqual([undefined, 1]);
  expect(group.with({ count: 3 }).resolved.count).toBe(3);
  expect(group.with({ count: 0 }).resolved.count).toBe(0);
  const timeout: Duration = new Task({ name: "t", driver: Driver.rawExec({ command: "/x" }) }).resolved.killTimeout;
  expect(timeout).toEqual(Duration.seconds(5));
  expect(new EphemeralDisk().resolved.size).toEqual(Memory.mebibytes(300));
  expect(new Update({ canary: 1 }).resolved).toMatchObject({ canary: 1, healthyDeadline: Duration.minutes(5) });
  expect(group.toApi()).not.toHaveProperty("Count");
});

test("what depends on the job is what was written", () => {
  expect(new Restart().resolved.attempts).toBeUndefined();
  expect(new Restart({ attempts: 4 }).resolved.attempts).toBe(4);
});

test("every default of every definition is read so, and what is written is read as it is", () => {
  const missing: string[] = [];
  for (const type of BLOCKS) {
    const made = (props: object) =>
      new type(props as never) as unknown as Readonly<Record<string, unknown>> & {
        readonly resolved: Readonly<Record<string, unknown>>;
      };
    for (const { name, field } of definitionOf(Object.create(type.prototype as object) as Block).list) {
      const hasDefault = field.options.default !== undefined;
      const written = made({ [name]: sampleOf(field, name, 1) });
      const isSame = written[name] === undefined || written.resolved[name] === written[name];
      if ((hasDefault && made({}).resolved[name] === undefined) || !isSame) missing.push(`${type.name}.${name}`);
    }
  }
  expect(missing).toEqual([]);
});
