import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { Driver, Job, pathText, Service, Task, TaskGroup } from "../../../../lib";
import { judgeFile } from "../../../../lib/operations";

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "locate-"))));
afterAll(() => rmSync(folder, { recursive: true }));

const task = (name: string, more: object = {}) =>
  new Task({ name, driver: Driver.rawExec({ command: "/bin/true" }), ...more });

/** What is wrong with a job that stands in a file, with the text of the line that is named. */
async function judged(job: Job, kind: "hcl" | "json") {
  const file = join(folder, `job.${kind === "hcl" ? "nomad.hcl" : "json"}`);
  const text = kind === "hcl" ? job.toHcl() : JSON.stringify(job, undefined, 2);
  writeFileSync(file, text);
  const { problems } = await judgeFile(file, {
    parseHcl: async () => Promise.resolve(job.toApi().Job),
    cwd: folder,
    stdin: Readable.from([]),
    env: {},
  });
  const lines = text.split("\n");
  return problems.map(({ rule, path, line = 0 }) => ({ rule, path, line, text: lines[line - 1]?.trim() }));
}

/** Jobs in which the second of two of one name is wrong, each with the rule and the last step of the path. */
const SECOND: Readonly<Record<string, { readonly job: Job; readonly rule: string; readonly value: string }>> = {
  group: {
    job: new Job({
      id: "web",
      groups: [
        new TaskGroup({ name: "a", count: 1, tasks: [task("x")] }),
        new TaskGroup({ name: "a", count: -77, tasks: [task("x")] }),
      ],
    }),
    rule: "field/range",
    value: "-77",
  },
  task: {
    job: new Job({
      id: "web",
      groups: [
        new TaskGroup({ name: "a", tasks: [task("x", { user: "me" }), task("x", { kind: "connect-proxy:nobody" })] }),
      ],
    }),
    rule: "task/proxy",
    value: "connect-proxy:nobody",
  },
  service: {
    job: new Job({
      id: "web",
      groups: [
        new TaskGroup({
          name: "a",
          tasks: [task("x")],
          services: [
            new Service({ name: "s", provider: "nomad" }),
            new Service({ name: "s", provider: "nomad", port: "nowhere" }),
          ],
        }),
      ],
    }),
    rule: "service/port-unknown",
    value: "nowhere",
  },
};

describe.each(["hcl", "json"] as const)("in a file of %s", (kind) => {
  test.each(Object.entries(SECOND))("a mistake in the second %s of a name has that one's line", async (_what, each) => {
    const found = (await judged(each.job, kind)).find(({ rule }) => rule === each.rule);
    expect(found?.text).toContain(each.value);
    expect(found?.path.findLast((step) => typeof step === "object")).toMatchObject({ index: 1 });
  });
});

test("a name with dots and brackets is no way into something else", async () => {
  const odd = "a].tasks[x";
  const job = new Job({
    id: "web",
    groups: [
      new TaskGroup({ name: "a", tasks: [task("x")] }),
      new TaskGroup({ name: odd, count: -77, tasks: [task("x")] }),
    ],
  });
  const found = (await judged(job, "json")).find(({ rule }) => rule === "field/range");
  expect(found?.path).toEqual(["groups", { index: 1, name: odd }, "count"]);
  expect(pathText(found?.path ?? [])).toBe(`groups[${odd}].count`);
  expect(found?.text).toContain("-77");
});
