import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { COMMANDS, Interruption } from "../../lib/cli";
import { recorded, recordedNames, type Act, type Answer } from "../support/replay";
import { withState } from "../support/states";

/** Commands in this process, over what real servers answered in many states. */

/** A cluster without a leader is asked again for long, so it has a test of its own. */
const states = recordedNames().filter((name) => name !== "no-leader" && "GET /v1/job/web" in recorded(name).nomad);
const exitCodes = new Map(
  COMMANDS.flatMap(([, entries]) =>
    entries.flatMap((entry) =>
      "commands" in entry ? [] : [[entry.name, entry.exitCodes.map(([code]) => code)] as const],
    ),
  ),
);

test("whatever prints words, or JSON where --format says so, takes --json too", () => {
  const commands = COMMANDS.flatMap(([, entries]) =>
    entries.flatMap((entry) => ("commands" in entry ? entry.commands : [entry])),
  );
  const formatted = commands.filter(({ options }) =>
    ["text", "json"].every((each) => options.format?.choices?.includes(each)),
  );
  expect(formatted.map(({ name }) => name)).toEqual(expect.arrayContaining(["preview", "validate"]));
  expect(formatted.filter(({ options }) => !("json" in options)).map(({ name }) => name)).toEqual([]);
});

describe.each(states)("a cluster in the state %s", (name) => {
  test("status, preview and drift end with a code that they list, in text and in JSON, and without a crash", async () => {
    await withState(name, async (state) => {
      for (const command of ["status", "preview", "drift"]) {
        const [text, json] = await Promise.all([state.run([command, "dev"]), state.run([command, "dev", "--json"])]);
        expect(exitCodes.get(command)).toContain(text.code);
        expect({ command, code: json.code }).toEqual({ command, code: text.code });
        expect(text.stderr).not.toMatch(/ at .*\.(ts|js):\d+/);
        expect(JSON.stringify(JSON.parse(json.stdout))).not.toContain('"rule":"internal"');
        // What is well is said, and what is not is said why.
        expect(text.stdout + text.stderr.replace(/^ {2}.*$/gm, "")).toMatch(/\S/);
      }
    });
  });
});

test("a cluster without a leader is asked again until somebody interrupts that", async () => {
  await withState("no-leader", async (state) => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(Interruption.bySignal("SIGTERM")), 500);
    const said = await state.run(["deploy", "dev"], { signal: stop.signal });
    expect(said.code).toBe(143);
    expect(said.stderr).toContain("interrupted; nothing was changed");
  });
});

/** Every value of an answer that a test wants otherwise. */
function changed(value: unknown, change: (leaf: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => changed(item, change));
  if (typeof value !== "object" || value === null) return change(value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, changed(item, change)]));
}

describe("a server that answers nonsense", () => {
  const numbers = (by: number) => (leaf: unknown) => (typeof leaf === "number" ? by : leaf);
  test.each([
    ["gigantic numbers", numbers(1e308)],
    ["fewer than none", numbers(-1)],
    ["halves", numbers(0.5)],
    ["words for numbers", (leaf: unknown) => (typeof leaf === "number" ? "1" : leaf)],
    ["names of prototypes", (leaf: unknown) => (leaf === "api" ? "__proto__" : leaf)],
  ])("%s: no command crashes, and none says that all is well", async (what, change) => {
    for (const name of ["healthy", "failed"]) {
      const answers = Object.entries(recorded(name).nomad).flatMap(([endpoint, answer]) =>
        typeof answer === "object" && "body" in answer
          ? [[endpoint, { ...answer, body: changed(answer.body, change) }] as const]
          : [],
      );
      await withState(
        name,
        async (state) => {
          for (const command of ["status", "drift", "deploy"]) {
            const said = await state.run([command, "dev", ...(command === "deploy" ? ["--timeout", "3s"] : [])]);
            expect(said.stderr).not.toMatch(/ at .*\.(ts|js):\d+|NaN|Infinity/);
            // A group may be called anything.
            expect([command, what === "names of prototypes" || said.code]).not.toEqual([command, 0]);
          }
        },
        Object.fromEntries(answers),
      );
    }
  });
});

test("a folder that cannot be written is told in words, without a stack", async () => {
  await withState("healthy", async (state) => {
    writeFileSync(join(state.project.folder, ".cdk-nomad"), "no folder");
    const said = await state.run(["status", "dev", "--json"]);
    expect([said.code, JSON.parse(said.stdout)]).toEqual([
      1,
      {
        error: {
          problems: [
            expect.objectContaining({ rule: "files", message: "is there already and is no folder; remove it" }),
          ],
        },
      },
    ]);
    expect(said.stderr).not.toMatch(/ at .*\.(ts|js):\d+/);
  });
});

test("a server that sends a byte now and then does not hold a command", async () => {
  const stream = Array.from({ length: 1000 }, () => ({ after: 50, text: " " }));
  await withState(
    "healthy",
    async (state) => {
      const said = await state.run(["status", "dev"], { silence: 150 });
      expect(said.code).toBe(1);
      expect(said.stderr).toContain("to answer GET /v1/job/web");
    },
    { "GET /v1/job/web": { stream } },
  );
});

test("status says at once that it waits for a server, and asks it again", async () => {
  const stops = { status: 500, body: "No cluster leader" };
  await withState("healthy", async (state) => {
    const whole = recorded("healthy").nomad["GET /v1/job/web"] as Act;
    state.nomad.set({ "GET /v1/job/web": [stops, whole] });
    const said = await state.run(["status", "dev"]);
    expect([said.code, said.stderr]).toEqual([0, expect.stringMatching(/No cluster leader.*; trying again/)]);
  });
});

test("how many of a deployment's allocations are healthy is said, also where none is", async () => {
  await withState("deploying", async (state) => {
    const { stdout } = await state.run(["status", "dev"]);
    expect(stdout).toMatch(/web in west: running; api \d of \d healthy/);
  });
});

test("capacity where not all finds a place has an exit code of its own", async () => {
  await withState("healthy", async (state) => {
    const said = await state.run(["capacity", "dev", "--node", "1cpu,20MiB"]);
    expect([said.code, said.stdout]).toEqual([5, expect.stringContaining("not all of it fits: web api 0 of 2")]);
  });
});

test("restart of a job that is to run and is not there ends with 1", async () => {
  await withState("purged", async (state) => {
    expect(await state.run(["restart", "dev"])).toMatchObject({ code: 1 });
  });
});

test("healthy: all of it is said, and nothing is to do", async () => {
  await withState("healthy", async (state) => {
    expect(await state.run(["status", "dev"])).toMatchObject({
      code: 0,
      stdout: "JOB         STATUS   VERSION  RUNNING\nweb (west)  healthy  0        api 2/2\n",
    });
    expect(await state.run(["preview", "dev"])).toMatchObject({ code: 0, stdout: "dev: 1 job unchanged\n" });
    expect(await state.run(["drift", "dev"])).toMatchObject({
      code: 0,
      stdout: "✓ dev is as the program says: 1 job\n",
    });
    const deployed = await state.run(["deploy", "dev"]);
    expect(deployed).toMatchObject({ code: 0, stdout: "" });
    expect(deployed.stderr).toContain("✓ web in west is as it was");
    expect(state.nomad.asked.filter(({ method, path }) => method === "PUT" && path === "/v1/jobs")).toEqual([]);
    const capacity = await state.run(["capacity", "dev"]);
    expect(capacity).toMatchObject({ code: 0 });
    expect(capacity.stdout).toContain("web api  50 MHz, 32 MiB  80");
  });
});

test("a canary that waits: 3, and how to promote it", async () => {
  await withState("canary-waiting", async (state) => {
    const status = await state.run(["status", "dev"]);
    expect(status.code).toBe(3);
    expect(status.stdout).toContain("the canaries of web (west) wait for: cdk-nomad promote dev --job web");
    const deployed = await state.run(["deploy", "dev"]);
    expect(deployed.code).toBe(3);
    expect(deployed.stderr).toContain("the canaries are healthy and wait for: cdk-nomad promote dev --job web");
    const promoted = await state.run(["promote", "dev", "--timeout", "200ms", "--json"]);
    expect(promoted.code).toBe(4);
    expect(JSON.parse(promoted.stdout)).toMatchObject({
      environment: "dev",
      jobs: [{ id: "web", result: "timed-out" }],
    });
    expect(
      state.nomad.asked.some(({ method, path }) => method === "PUT" && path.startsWith("/v1/deployment/promote/")),
    ).toBe(true);
  });
});

test("a constraint that no node meets: deploy says which, in its whole length where a pipe reads it", async () => {
  await withState("no-node-fits", async (state) => {
    const said = await state.run(["deploy", "dev", "--timeout", "200ms"]);
    expect(said).toMatchObject({ code: 4, stdout: "" });
    expect(said.stderr).toContain('finds no node: the constraint "${meta.tier} = gold" leaves out 1 node\n');
    // The same in a terminal: over several lines, and whole.
    const shown = await state.run(["deploy", "dev", "--timeout", "200ms"], { columns: 40 });
    const end = shown.stderr.slice(shown.stderr.lastIndexOf("is not done"));
    expect(end.replaceAll(/\s+/g, " ")).toContain(
      'finds no node: the constraint "${meta.tier} = gold" leaves out 1 node',
    );
    for (const line of end.split("\n")) expect(line.length).toBeLessThanOrEqual(40);
  });
});

test("a deployment that failed: 1, with the exit code of the task, and how to try again", async () => {
  await withState("failed", async (state) => {
    const said = await state.run(["deploy", "dev"]);
    expect(said.code).toBe(1);
    expect(said.stderr).toContain('task "main" of group "api" ended with exit code 3');
    expect(said.stderr).toContain("cdk-nomad deploy dev --force");
    const rolledBack = await state.run(["rollback", "dev", "--json"]);
    expect(rolledBack.code).toBe(1);
    expect(JSON.parse(rolledBack.stdout)).toMatchObject({
      error: { problems: [{ path: "web (west)", message: "has no version before this one" }] },
    });
  });
});

test("a job that somebody edited: preview and drift say the fields, and end with 2", async () => {
  await withState("edited", async (state) => {
    const drift = await state.run(["drift", "dev"]);
    expect(drift.code).toBe(2);
    expect(drift.stdout).toContain("  priority: 50 → 60\n");
    const preview = await state.run(["preview", "dev", "--adopt", "--format", "json"]);
    expect(preview.code).toBe(2);
    const file = join(state.project.folder, "preview.json");
    writeFileSync(file, preview.stdout);
    const markdown = await state.run(["preview", "dev", "--adopt", "--format", "markdown"]);
    expect(markdown.code).toBe(2);
    expect(markdown.stdout.split("\n")[0]).toBe("**dev**: 1 job to update <!-- cdk-nomad preview: dev -->");
  });
});

test("a deployment that is failed by hand, and what a server refuses", async () => {
  const failed = {
    "PUT /v1/deployment/fail/a0000001-0000-4000-8000-000000000000": { body: { EvalID: "a", Index: 7 } },
  };
  await withState(
    "canary-waiting",
    async (state) => {
      const said = await state.run(["fail", "dev"]);
      expect(said).toMatchObject({ code: 0, stdout: "" });
      expect(said.stderr).toContain("✓ deployment a0000001 of web in west is failed");
    },
    failed,
  );
  await withState("canary-waiting", async (state) => {
    const said = await state.run(["fail", "dev"]);
    expect(said.code).toBe(1);
    expect(said.stderr).toMatch(/^✗ web: /m);
  });
});

describe("logs", () => {
  const LOG = /^GET \/v1\/client\/fs\/logs\//;
  const hostile = [
    "ready\n",
    "\u001b[32mgreen\u001b[0m and \u001b]0;title\u0007\n",
    "::stop-commands::x\n##[error]y\n",
    "50%\r100%\n",
    "half of a line ",
    "and the rest",
  ];

  test("what a task wrote is shown, and never obeyed by a terminal or by GitHub's runner", async () => {
    await withState("healthy", async (state) => {
      const [, allocation = ""] =
        /logs\/([^?]*)/.exec(Object.keys(recorded("healthy").nomad).find((key) => LOG.test(key)) ?? "") ?? [];
      const [newest] = (recorded("healthy").nomad["GET /v1/allocations?task_states=true"] as { body: { ID: string }[] })
        .body;
      for (const id of [allocation, newest?.ID ?? ""])
        state.nomad.set({
          [`GET /v1/client/fs/logs/${id}`]: ({ query }) =>
            query.get("type") === "stdout" ? { stream: hostile.map((text) => ({ text })), end: "close" } : { body: "" },
        });
      // What was recorded for a whole address would be taken first.
      for (const key of Object.keys(recorded("healthy").nomad).filter((each) => LOG.test(each)))
        if (key.includes("type=stdout"))
          state.nomad.set({ [key]: { stream: hostile.map((text) => ({ text })), end: "close" } });
      const said = await state.run(["logs", "main"]);
      expect(said.code).toBe(0);
      expect(said.stdout.split("\n")).toEqual([
        "ready",
        "green and \\x1b]0;title\\x07",
        "\\::stop-commands::x",
        "#\\#[error]y",
        "50%\\r100%",
        "half of a line and the rest",
        "",
      ]);
    });
  });

  test.each([
    ['Unknown allocation "x"', "nothing of what it wrote is there any more"],
    ['task "main" not started yet. No logs available', "has not started, so it wrote nothing"],
  ])("of which there are none, since %s, is told in words", async (body, words) => {
    const [newest] = (recorded("healthy").nomad["GET /v1/allocations?task_states=true"] as { body: { ID: string }[] })
      .body;
    await withState("healthy", async (state) => {
      state.nomad.set({ "GET /v1/allocations?task_states=true": { body: [{ ...newest, ID: "gone" }] } });
      state.nomad.set({ "GET /v1/client/fs/logs/gone": { status: 404, body } });
      const said = await state.run(["logs", "main"]);
      expect([said.code, said.stderr]).toEqual([1, expect.stringContaining(`main of allocation gone: ${words}`)]);
    });
  });

  test("of a task that several jobs have: the one that runs, else the job is asked for; children belong to their job", async () => {
    type Allocation = { readonly ID: string; readonly JobID: string };
    const [newest] = (recorded("healthy").nomad["GET /v1/allocations?task_states=true"] as { body: Allocation[] }).body;
    const of = (JobID: string, ClientStatus: string, ID: string) => ({ ...newest, JobID, ClientStatus, ID });
    const logs = (allocations: readonly object[], ...args: readonly string[]) =>
      withState("healthy", (state) => {
        state.nomad.set({ "GET /v1/allocations?task_states=true": { body: allocations } });
        for (const id of ["one", "two"])
          state.nomad.set({
            [`GET /v1/client/fs/logs/${id}`]: ({ query }) => ({
              stream: query.get("type") === "stdout" ? [{ text: `said by ${id}\n` }] : [],
              end: "close",
            }),
          });
        return state.run(["logs", "main", ...args]);
      });
    const both = [of("a/periodic-1", "running", "one"), of("b", "running", "two")];
    expect(await logs(both)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("--job and one of a, b") as string,
    });
    expect(await logs(both, "--job", "a")).toMatchObject({ code: 0, stdout: "said by one\n" });
    expect(await logs(both, "--job", "b")).toMatchObject({ code: 0, stdout: "said by two\n" });
    expect(await logs([of("a", "complete", "one"), of("b", "running", "two")])).toMatchObject({
      code: 0,
      stdout: "said by two\n",
    });
  });

  describe("of a task that has ended", () => {
    const SAYS_NOTHING = /^(?!.*collected)/s;
    type Allocation = { readonly ID: string; readonly TaskGroup: string };
    const [newest] = (recorded("healthy").nomad["GET /v1/allocations?task_states=true"] as { body: Allocation[] }).body;
    const ended = (file: (asked: number) => string, driver: string, seconds = 1) =>
      withState("healthy", (state) => {
        const times = { StartedAt: "2026-11-25T10:00:00.5Z", FinishedAt: `2026-11-25T10:00:0${seconds}.5Z` };
        const allocation = { ...newest, ID: "done", ClientStatus: "complete" };
        let asked = 0;
        state.nomad.set({
          "GET /v1/allocations?task_states=true": {
            body: [{ ...allocation, TaskStates: { main: { State: "dead", ...times } } }],
          },
          "GET /v1/allocation/done": {
            body: {
              ...allocation,
              Job: { TaskGroups: [{ Name: newest?.TaskGroup, Tasks: [{ Name: "main", Driver: driver }] }] },
            },
          },
          "GET /v1/client/fs/logs/done": ({ query }) => {
            if (query.get("type") === "stderr") return { body: "" };
            const text = file((asked += 1)).slice(Number(query.get("offset")));
            return { stream: [{ text }], end: "close" };
          },
        });
        return state.run(["logs", "main"]);
      });

    test.each(["docker", "raw_exec"])("by %s: what came into its file after the end is there, once", async (driver) => {
      const said = await ended((asked) => ["", "hello\nwor", "hello\nworld\n"][asked] ?? "", driver);
      expect(said).toMatchObject({
        code: 0,
        stdout: "hello\nworld\n",
        stderr: expect.stringMatching(SAYS_NOTHING) as string,
      });
    });

    test("at once in a container, without output: that it may be lost is said", async () => {
      const said = await ended(() => "", "docker");
      expect([said.code, said.stdout]).toEqual([0, ""]);
      expect(said.stderr).toMatch(/main: nothing was collected of what it wrote: its container ran for 1\.0 s/);
      expect(await ended(() => "", "docker", 9)).toMatchObject({
        code: 0,
        stderr: expect.stringMatching(SAYS_NOTHING) as string,
      });
      expect(await ended(() => "", "raw_exec")).toMatchObject({
        code: 0,
        stderr: expect.stringMatching(SAYS_NOTHING) as string,
      });
    });
  });

  describe("-f of a task that says nothing", () => {
    type Allocation = { readonly ID: string; readonly JobID: string };
    const [newest] = (recorded("healthy").nomad["GET /v1/allocations?task_states=true"] as { body: Allocation[] }).body;
    const { ID: id = "", JobID: job = "" } = newest ?? {};
    const asked = `GET /v1/job/${job}/allocations`;
    const follow = (answer: Answer) =>
      withState("healthy", async (state) => {
        const quiet = { stream: [{ text: "ready\n" }], end: "open" } as const;
        for (const key of Object.keys(recorded("healthy").nomad).filter((each) => LOG.test(each)))
          state.nomad.set({ [key]: quiet });
        state.nomad.set({
          "GET /v1/allocations": { body: [newest] },
          "GET /v1/allocations?task_states=true": { body: [newest] },
          [`GET /v1/client/fs/logs/${id}`]: quiet,
          [asked]: answer,
        });
        const said = await state.run(["logs", "main", "-f"], { silence: 300 });
        return { ...said, asked: state.nomad.count(asked) };
      });
    const status = (ClientStatus: string) => ({ body: [{ ...newest, ClientStatus }] });

    test.each<[string, Answer, number, RegExp]>([
      ["whose agent hangs: ends with that", "hang", 1, /Nomad at .* (does not answer|said nothing)/],
      ["whose node is lost: ends with that", [status("running"), status("lost")], 1, /the allocation is lost/],
      ["whose allocation is gone: ends with that", { body: [] }, 1, /the allocation is gone/],
      ["that has ended: ends well", [status("running"), status("complete")], 0, /^[^✗]*$/],
    ])("%s", async (_what, answer, code, message) => {
      const said = await follow(answer);
      expect(said).toMatchObject({ code, stderr: expect.stringMatching(message) as string });
      expect(said.stdout).toContain("ready\n");
      expect(said.asked).toBeGreaterThan(0);
    });
  });
});
