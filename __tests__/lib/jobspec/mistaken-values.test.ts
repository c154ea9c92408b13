import { Cpu, Driver, Duration, formatProblem, Job, Memory, Secret, Task, UserError, type Target } from "../../../lib";

// What a program in JavaScript, or one that reads its settings from JSON, may hand over: the mistake is told with its place.

const task = new Task({ name: "web", driver: Driver.docker({ image: "web:1" }) });
const job = new Job({ id: "web", groups: [{ name: "web", tasks: [task] }] });
const changed = (change: (task: Task) => Task) => job.withEachTask(change);

function refusalOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  return "nothing";
}

describe("a unit that was made of no number", () => {
  const text = "256" as unknown as number;
  const nothing = undefined as unknown as number;
  test.each([
    [{ resources: { memory: Memory.mebibytes(text) } }, "resources.memory", "Memory.mebibytes(256)"],
    [{ resources: { memory: Memory.gibibytes(nothing) } }, "resources.memory", "Memory.mebibytes(256)"],
    [{ resources: { cpu: Cpu.mhz(text) } }, "resources.cpu", "Cpu.mhz(500)"],
    [{ resources: { cpu: Cpu.cores(nothing) } }, "resources.cpu", "Cpu.mhz(500)"],
    [{ killTimeout: Duration.seconds(text) }, "killTimeout", "Duration.seconds(30)"],
    [{ killTimeout: Duration.days(NaN) }, "killTimeout", "Duration.seconds(30)"],
  ])("is an error at its place: %o", (changes, place, write) => {
    expect(
      changed((each) => each.with(changes))
        .validate()
        .map(formatProblem),
    ).toEqual([`groups[web].tasks[web].${place}: is made of what is no number; write ${write}`]);
  });
});

test.each<[string, () => unknown, string]>([
  [
    "withEnv() of a text",
    () => task.withEnv("A=1" as never),
    'env: expected texts by their keys, found "A=1"; write { KEY: "value" }',
  ],
  [
    "withMeta() of null",
    () => job.withMeta(null as never),
    'meta: expected texts by their keys, found null; write { KEY: "value" }',
  ],
  [
    "with() of null",
    () => job.with(null as never),
    "job: expected the changed properties as an object, found null; write { … }",
  ],
  [
    "a secret without its key",
    () => (Secret.fromNomadVariable as (path: string) => Secret)("a/b"),
    "Secret.fromNomadVariable: expected the key as a text, found nothing; write Secret.fromNomadVariable(path, key)",
  ],
  [
    "a secret without its path",
    () => Secret.fromVault("", "key"),
    'Secret.fromVault: expected the path as a text, found ""; write Secret.fromVault(path, key)',
  ],
  [
    "a target with an unknown property",
    () => job.validate({ enterprize: true } as Target),
    'target.enterprize: there is no such property; write "enterprise"',
  ],
  [
    "a version that is a number, which 1.10 would not survive",
    () => job.validate({ nomadVersion: 1.1 } as never),
    "target.nomadVersion: expected a text, found 1.1; write one in quotes",
  ],
])("%s is refused", (_name, call, message) => expect(refusalOf(call)).toBe(message));

test("a block of another kind is named with the article that its name has", () => {
  const group = { name: "web", tasks: [task], update: "canary", ephemeralDisk: 3 };
  expect(
    job
      .with({ groups: [group as never] })
      .validate()
      .map(formatProblem),
  ).toEqual([
    "groups[web].ephemeralDisk: expected an ephemeral_disk block, found 3; write new EphemeralDisk({ … })",
    'groups[web].update: expected an update block, found "canary"; write new Update({ … })',
  ]);
});
