import {
  Duration,
  Job,
  Memory,
  Resources,
  Restart,
  Service,
  Task,
  TaskGroup,
  pathText,
  UserError,
  Driver,
} from "../../../../lib";

const task = () => new Task({ name: "web", driver: Driver.rawExec({ command: "/bin/true" }) });
const job = (group: ConstructorParameters<typeof TaskGroup>[0]) => new Job({ id: "web", groups: [group] });

describe("a block", () => {
  test("renders only what was set", () => {
    expect(new Restart().toApi()).toEqual({});
    expect(Restart.fail({ attempts: 3, delay: Duration.seconds(10) }).toApi()).toEqual({
      Attempts: 3,
      Delay: 10e9,
      Mode: "fail",
    });
  });

  test("renders the same however often it is asked", () => {
    const web = job({ name: "web", tasks: [task()] });
    expect(web.toApi()).toEqual(web.toApi());
    expect(JSON.stringify(web.toApi())).toBe(JSON.stringify(web.toApi()));
  });

  test("takes nested blocks as classes and as plain properties", () => {
    const plain = job({
      name: "web",
      restart: { attempts: 1 },
      tasks: [{ name: "web", driver: Driver.rawExec({ command: "/bin/true" }) }],
    });
    const classes = job(new TaskGroup({ name: "web", restart: new Restart({ attempts: 1 }), tasks: [task()] }));
    expect(plain.toApi()).toEqual(classes.toApi());
    expect(plain.groups?.[0]?.restart).toBeInstanceOf(Restart);
  });

  test("reads as what was written", () => {
    const resources = new Resources({ memory: Memory.mebibytes(64) });
    expect(resources.memory?.mebibytes).toBe(64);
    expect(resources.cpu).toBeUndefined();
  });

  test("hands out lists that nobody changes", () => {
    const web = job({ name: "web", tasks: [task()] });
    expect(() => ((web.groups as TaskGroup[]).length = 0)).toThrow(TypeError);
    expect(web.groups).toHaveLength(1);
  });

  test("has methods that give back another, and say what is there already", () => {
    const empty = new TaskGroup({ name: "web" });
    const group = empty.withTask(task().withEnv({ A: "1" }));
    expect(empty.tasks).toBeUndefined();
    expect(group.tasks?.[0]?.env).toEqual({ A: "1" });
    expect(() => group.task("web")?.withEnv({ A: "2" })).toThrow(UserError);
    expect(group.task("web")?.withEnv({ A: "1", B: "2" }).env).toEqual({ A: "1", B: "2" });
  });

  test("changed with() leaves the original as it was, and stays of its class", () => {
    const before = Restart.fail({ attempts: 3 });
    const after = before.with({ attempts: 1, mode: undefined });
    expect(after.toApi()).toEqual({ Attempts: 1 });
    expect(before.toApi()).toEqual({ Attempts: 3, Mode: "fail" });
    expect(after).toBeInstanceOf(Restart);
  });

  test("merges overrides last; null takes away", () => {
    const restart = new Restart({
      attempts: 3,
      mode: "fail",
      overrides: { Attempts: 5, Mode: null, Tomorrow: { A: [1] } },
    });
    expect(restart.toApi()).toEqual({ Attempts: 5, Tomorrow: { A: [1] } });
  });

  test("reports an unknown property with its place, and what was meant", () => {
    const typo = job({ name: "web", tasks: [task()], restart: { attempt: 3 } as never });
    expect(typo.validate()).toEqual([
      expect.objectContaining({
        rule: "field/unknown",
        path: ["groups", { index: 0, name: "web" }, "restart", "attempt"],
        severity: "error",
      }),
    ]);
    const snake = job({ name: "web", tasks: [task()], shutdown_delay: 3 } as never);
    expect(snake.validate()[0]?.message).toContain('write "shutdownDelay"');
  });

  test.each([
    ["a text for a number", { count: "3" }, "groups[web].count"],
    ["NaN", { count: Number.NaN }, "groups[web].count"],
    ["a number past 2^53", { count: 2 ** 60 }, "groups[web].count"],
    ["a duration as a text", { shutdownDelay: "10s" }, "groups[web].shutdownDelay"],
    ["half a surrogate pair", { meta: { a: "\ud800" } }, "groups[web].meta"],
    ["a function", { meta: { a: () => 1 } }, "groups[web].meta"],
    ["a negative duration", { shutdownDelay: Duration.seconds(-1) }, "groups[web].shutdownDelay"],
    ["another block", { restart: new Resources() }, "groups[web].restart"],
  ])("refuses %s", (_name, props, path) => {
    const problems = job({ name: "web", tasks: [task()], ...props } as never).validate();
    expect(problems.filter((problem) => problem.severity === "error").map((problem) => pathText(problem.path))).toEqual(
      [path],
    );
  });

  test("is no text: who writes one into a text hears what it is, and what to write", () => {
    const named = new Service({ name: "web" }) as unknown as string;
    const nameless = new Resources({}) as unknown as string;
    expect(() => `http://${named}`).toThrow(
      'service "web": is a block and no text; write one of its properties, such as its name',
    );
    expect(() => "a" + nameless).toThrow("resources: is a block and no text; write one of its properties");
    expect(() => [named].join()).toThrow(UserError);
  });

  test("will not render what has no JSON, and says where", () => {
    expect(() => job({ name: "web", count: Number.NaN }).toApi()).toThrow(UserError);
    expect(() => job({ name: "web", count: Number.NaN }).toApi()).toThrow(/count/);
  });
});
