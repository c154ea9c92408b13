import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleSandboxServer, commandLinesWith, TestSandboxServer } from "../support/sandbox-server";
import { until } from "../support/until";

const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-sandbox-program-"));
const program = bundleSandboxServer(folder);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const isRoot = process.getuid?.() === 0;
const KINDS = ["bubblewrap", "user", "none"] as const;

/** Why a kind of isolation cannot be tried here; undefined where it can. */
function whyNot(kind: (typeof KINDS)[number]): string | undefined {
  if (process.platform !== "linux") return "it needs Linux";
  if (kind === "bubblewrap" && !existsSync("/usr/bin/bwrap"))
    return "there is no bwrap; scripts/ci-tools.sh installs it where there is apt";
  if (kind === "user" && !isRoot) return "only root can give every slot a user of its own";
  return undefined;
}

describe.each(KINDS)("slots kept apart by %s", (kind) => {
  const reason = whyNot(kind);
  if (reason !== undefined) console.log(`skipped: sandboxes by ${kind}; ${reason}`);
  const testWhere = reason === undefined ? test : test.skip;
  const server = new TestSandboxServer(program);

  beforeAll(async () => {
    if (reason !== undefined) return;
    await server.start(["--slots", "11", "--isolation", kind, "--limit", "processes=60", "--limit", "fileSize=2"]);
  });
  afterAll(async () => {
    await server.end();
    server.remove();
  });

  testWhere(
    "a slot that was emptied is given to the next lease as it is; one that was used since is emptied",
    async () => {
      const folder = () => statSync(join(server.dataDir, "slot_10")).ino;
      await server.bash(10, "touch first", { generation: 1 });
      expect((await server.post("/reset", { slot_id: "slot_10", generation: 2 })).status).toBe(200);
      const emptied = folder();
      expect((await server.bash(10, "ls -A; touch second", { generation: 3 })).body.output?.trim()).toBe("");
      // Where slots have no user of their own, others may have been in it.
      expect(folder() === emptied).toBe(kind !== "none");
      expect((await server.bash(10, "ls -A", { generation: 4 })).body.output?.trim()).toBe("");
      const write = { slot_id: "slot_10", tool: "write_file", args: { path: "third", content: "x" }, generation: 4 };
      expect((await server.post("/execute", write)).body.success).toBe(true);
      expect((await server.bash(10, "ls -A", { generation: 5 })).body.output?.trim()).toBe("");
      await server.bash(10, "(sleep 3; touch fourth) & disown; export KEPT=x", { generation: 5 });
      expect((await server.post("/reset", { slot_id: "slot_10", generation: 6 })).status).toBe(200);
      expect((await server.post("/reset", { slot_id: "slot_10", generation: 6 })).status).toBe(200);
      expect((await server.bash(10, 'ls -A; echo "$KEPT"', { generation: 7 })).body.output?.trim()).toBe("");
    },
  );

  testWhere("a command has its environment, input, folder and exit code; its streams are told apart", async () => {
    const command = 'cat; echo " $GREETING in $PWD"; echo two >/dev/stderr; exit 7';
    const answer = await server.bash(0, command, {
      execution_id: "mine",
      env: { GREETING: "hello\n'quoted' $(x)" },
      stdin: Buffer.from("input").toString("base64"),
    });
    expect(answer).toMatchObject({
      status: 200,
      body: {
        success: false,
        error: "Exit code: 7",
        execution_id: "mine",
        metadata: { exit_code: 7, returncode: 7, timeout: false, sandboxed: kind !== "none", isolation: kind },
      },
    });
    expect(answer.body.output).toMatch(/^input hello\n'quoted' \$\(x\) in \/\S+\n\n\[stderr\]\ntwo$/);
    const input = { stdin: Buffer.from("again").toString("base64") };
    expect((await server.bash(0, "cat /dev/stdin", input)).body.output).toBe("again");
    expect((await server.bash(0, "kill -9 $$")).body.metadata).toMatchObject({ exit_code: 137 });
    const wrong = await server.bash(0, "if");
    expect([wrong.body.success, wrong.body.output]).toEqual([false, expect.stringContaining("syntax error")]);
  });

  testWhere("bash_stateful keeps the folder and what was exported, and no variable of one call", async () => {
    const stateful = (command: string, more = {}) =>
      server.post("/execute", { slot_id: "slot_1", tool: "bash_stateful", args: { command }, ...more });
    const first = "mkdir -p 'a b'; cd 'a b'; export KEPT=$'one\\ntwo'; own=3; echo $KEY";
    await stateful(first, { env: { KEY: "secret-of-one-call" } });
    expect((await stateful('echo "$PWD|$KEPT|$own|$KEY"')).body.output).toMatch(/a b\|one\ntwo\|\|$/);
    await stateful("export KEPT=left; exit 3");
    expect((await stateful("echo $KEPT")).body.output).toBe("left");
    expect((await server.bash(1, 'echo "$KEPT|$PWD"')).body.output).not.toMatch(/left|a b/);
    // What a command leaves in the slot is there for the next one, its processes are not.
    await server.bash(1, "echo file > f; setsid sleep 987653 & sleep 0.1");
    expect((await server.bash(1, "cat f")).body.output).toBe("file");
    expect(commandLinesWith("sleep 987653")).toEqual([]);
  });

  testWhere("ten slots at once: nobody reads another's files, processes or environment, nor the server's", async () => {
    const token = readFileSync(server.tokenFile, "utf8").trim();
    const own = `${server.dataDir}/.slots`;
    const spy = (slot: number) => `
      echo secret-file-${slot} > mine; echo x > /tmp/tmp-file-${slot}; sleep 1.${slot} &
      sleep 0.3
      for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/environ; tr '\\0' ' ' < $p/cmdline; done 2>/dev/null
      cat ${server.dataDir}/slot_*/* ${own}/*/* ${own}/*/tmp/* ${server.tokenFile} 2>/dev/null
      ls -d ${own}/*/tmp/* /tmp/tmp-file-* 2>/dev/null
      for i in 0 1 2 3 4 5 6 7 8 9; do : > ${server.dataDir}/slot_$i/planted-by-${slot}; done 2>/dev/null
      ${kind === "none" ? "" : `kill -9 ${server.pid} 2>/dev/null && echo KILLED`}
      true`;
    const slots = Array.from({ length: 10 }, (_, slot) => slot);
    const answers = await Promise.all(
      slots.map((slot) => server.bash(slot, spy(slot), { env: { SECRET: `secret-env-${slot}` }, timeout: 20 })),
    );
    const seen = answers.map(({ body: { success, output = "" } }, slot) => ({
      slot,
      success,
      others: [...output.matchAll(/(?:secret-file|secret-env|tmp-file)-(\d)/g)].filter(([, by]) => Number(by) !== slot),
      token: output.includes(token),
      ofServer: output.includes("of-the-server"),
    }));
    const planted = slots.flatMap((slot) =>
      readdirSync(join(server.dataDir, `slot_${slot}`)).filter(
        (name) => /^planted-by-/.test(name) && !name.endsWith(`-${slot}`),
      ),
    );
    const places = slots.map((slot) => statSync(join(server.dataDir, `slot_${slot}`)));
    const found = { seen, planted, modes: new Set(places.map(({ mode }) => mode & 0o777)) };
    const apart = {
      seen: slots.map((slot) => ({ slot, success: true, others: [], token: false, ofServer: false })),
      planted: [],
      modes: new Set([0o700]),
    };
    // Where nothing keeps them apart, an answer says so, and there is nothing to prove.
    expect(kind === "none" ? answers[0]?.body.metadata?.sandboxed : found).toEqual(kind === "none" ? false : apart);
    expect(new Set(places.map(({ uid }) => uid)).size).toBe(isRoot && kind !== "none" ? 10 : 1);
  });

  testWhere("a command that runs out of time is gone with all that it started, whatever it ignores", async () => {
    const child = `setsid sh -c 'trap "" TERM; sleep 555001 & sleep 555001'`;
    const command = `trap '' TERM INT HUP; ${child} & (sleep 555001 &) ; echo began; sleep 555001`;
    const answer = await server.bash(2, command, { timeout: 0.7 });
    expect(answer.body).toMatchObject({
      success: false,
      output: "began",
      error: "Command timed out after 0.7s",
      metadata: { exit_code: 124, returncode: 124, timeout: true },
    });
    expect(commandLinesWith("sleep 555001")).toEqual([]);
    expect((await server.bash(2, "echo fine")).body.output).toBe("fine");
  });

  testWhere("a client that goes ends its commands", async () => {
    const gone = new AbortController();
    const batch = [3, 4].map((slot) => ({
      slot_id: `slot_${slot}`,
      tool: "bash",
      args: { command: "setsid sleep 555002; true" },
    }));
    const asked = server.post("/batch", batch, { signal: gone.signal });
    const failed = asked.then(
      () => "answered",
      () => "cut",
    );
    await until("both run", () => commandLinesWith("sleep 555002").length >= 2);
    gone.abort();
    expect(await failed).toBe("cut");
    await until("none runs", () => commandLinesWith("sleep 555002").length === 0);
    expect((await server.bash(3, "echo free")).body.output).toBe("free");
  });

  testWhere("commands of one slot wait for each other, in their order; waiting counts as time", async () => {
    const slow = server.bash(5, "sleep 1; echo first >> order");
    await until("it runs", () => commandLinesWith("sleep 1 ").length > 0);
    const second = server.bash(5, "echo second >> order; cat order");
    const late = await server.bash(5, "echo late >> order", { timeout: 0.2 });
    expect(late.body).toMatchObject({ success: false, metadata: { exit_code: 124, timeout: true } });
    expect((await slow).body.success).toBe(true);
    expect((await second).body.output).toBe("first\nsecond");
    expect((await server.bash(5, "cat order")).body.output).toBe("first\nsecond");
  });

  testWhere("a larger generation ends what runs and empties the slot; smaller ones and none are refused", async () => {
    const by = (generation: number | undefined, command: string, more = {}) =>
      server.bash(6, command, { generation, owner: "ada", ...more });
    expect((await by(5, "echo a > file; echo ok")).body.output).toBe("ok");
    const old = by(5, "setsid sleep 555003 & sleep 555003", { timeout: 20 });
    await until("it runs", () => commandLinesWith("sleep 555003").length >= 2);
    const waits = by(5, "echo never > never");
    const taken = await by(6, "ls -A", { owner: "bob" });
    expect(taken.body.output).toBe("");
    expect(commandLinesWith("sleep 555003")).toEqual([]);
    expect((await old).body).toMatchObject({
      success: false,
      error: "slot_6 was leased again",
      metadata: { cancelled: true, exit_code: 130 },
    });
    const stale = { status: 409, body: { success: false, code: "stale-generation", generation: 6 } };
    const inHeader = { headers: { ...server.headers, "x-slot-generation": "5" } };
    expect(await waits).toMatchObject(stale);
    expect(await by(5, "echo stale")).toMatchObject(stale);
    expect(await server.post("/reset", { slot_id: "slot_6", generation: 5 })).toMatchObject(stale);
    expect(await server.post("/artifacts/list", { slot_id: "slot_6" }, inHeader)).toMatchObject(stale);
    expect(await by(undefined, "echo none")).toMatchObject({ status: 409, body: { code: "no-generation" } });
    // Files stay for the same owner alone, and only where that is asked for.
    await by(7, "echo kept > kept", { owner: "bob" });
    expect((await by(8, "cat kept", { owner: "bob", keep_workspace: true })).body.output).toBe("kept");
    expect((await by(9, "ls -A", { owner: "eve", keep_workspace: true })).body.output).toBe("");
  });

  testWhere("a reset takes files, state and processes away", async () => {
    const stateful = (command: string) =>
      server.post("/execute", { slot_id: "slot_7", tool: "bash_stateful", args: { command } });
    await stateful("export X=1; mkdir -p deep/er; cd deep; touch f");
    expect(await server.post("/reset", { slot_id: "slot_7" })).toMatchObject({
      status: 200,
      body: { success: true, output: "Reset workspace for slot_7" },
    });
    expect((await stateful('echo "$X|$(ls -A)"')).body.output).toBe("|");
  });

  testWhere(
    "endless output, large files, many processes and long commands meet their limits",
    async () => {
      const endless = await server.bash(8, "yes", { timeout: 1 });
      expect(endless.body.output).toHaveLength(50_000 + "\n... (output truncated)".length);
      expect(endless.body.metadata).toMatchObject({ timeout: true, truncated: true });
      const large = await server.bash(8, "head -c 5000000 /dev/zero > large; stat -c %s large; rm large");
      expect(large.body.output).toMatch(/2097152/);
      const many = await server.bash(8, "for i in $(seq 200); do sleep 3 & done 2>&1; true", { timeout: 30 });
      expect(many.body.output).toMatch(kind === "none" ? /^$/ : /Resource temporarily unavailable/);
      const long = `# ${"x".repeat(1_000_000)}\necho long`;
      expect((await server.bash(8, long)).body.output).toBe("long");
      expect(await server.bash(8, "echo \0 x")).toMatchObject({ status: 400, body: { code: "malformed" } });
    },
    60_000,
  );

  testWhere("secrets stand in no argument, log or file outside of the workspace", async () => {
    const secret = "planted-key-8f3b1c";
    const stdin = Buffer.from(secret).toString("base64");
    const running = server.bash(9, "sleep 1.5; echo $KEY > mine", { env: { KEY: secret }, owner: secret, stdin });
    await until("it runs", () => commandLinesWith("sleep 1.5").length > 0);
    expect(commandLinesWith(secret)).toEqual([]);
    await running;
    expect(server.said).not.toContain(secret);
    const grep = ["-rls", "--devices=skip", secret, server.folder];
    const files = execFileSync("grep", grep, { encoding: "utf8" }).trim().split("\n");
    expect(files).toEqual([join(server.dataDir, "slot_9", "mine")]);
  });

  testWhere("without a network there is none, or the command is refused", async () => {
    const answer = await server.bash(0, "tail -n +3 /proc/net/dev | grep -vc ' lo:'; true", {
      args: { allow_network: false },
    });
    const refused = { status: 422, body: { code: "sandbox-required" } };
    const isolated = { status: 200, body: { output: "0", metadata: { network_isolated: true } } };
    expect(answer).toMatchObject(kind === "none" ? refused : isolated);
  });

  testWhere("output comes as it is written, no faster than it is taken", async () => {
    const stream = (command: string, more = {}) =>
      fetch(`${server.url}/execute`, {
        method: "POST",
        headers: { ...server.headers, accept: "application/x-ndjson" },
        body: JSON.stringify({ slot_id: "slot_1", tool: "bash", args: { command }, ...more }),
      });
    const response = await stream("echo one; echo two >&2; sleep 0.2; printf 'a\\0b'; exit 4");
    const lines = (await response.text())
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const text = (name: string) =>
      Buffer.concat(
        lines.filter(({ stream: of }) => of === name).map(({ data }) => Buffer.from(String(data), "base64")),
      ).toString();
    expect([text("stdout"), text("stderr")]).toEqual(["one\na\0b", "two\n"]);
    expect(lines.at(-1)).toMatchObject({ result: { success: false, output: "", metadata: { exit_code: 4 } } });
    // A reader that stops reading stops the command: what it writes fits into the buffers between.
    const resident = () => Number(/VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))?.[1]);
    const before = resident();
    const stalled = await stream("yes | head -c 200000000; echo done > done", { timeout: 3 });
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(resident() - before).toBeLessThan(80_000);
    await stalled.body?.cancel();
    expect((await server.bash(1, "ls done")).body.success).toBe(false);
  });
});
