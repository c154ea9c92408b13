import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleSandboxServer, commandLinesWith, TestSandboxServer } from "../support/sandbox-server";
import { until } from "../support/until";

const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-sandbox-program-"));
const program = bundleSandboxServer(folder);
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const isRoot = process.getuid?.() === 0;
const ANY = ["--isolation", "bubblewrap,user,none"];

describe("files", () => {
  const server = new TestSandboxServer(program);
  beforeAll(() => server.start(["--slots", "2", ...ANY]));
  afterAll(async () => {
    await server.end();
    server.remove();
  });
  const tool = (name: string, args: object) => server.post("/execute", { slot_id: "slot_0", tool: name, args });

  test("read_file and write_file stay in the workspace, by whatever path", async () => {
    const outside = join(server.folder, "outside");
    mkdirSync(outside, { mode: 0o777 });
    const links = `ln -s ${outside} out; ln -s /etc/passwd link; ln -s nowhere dangling; ln -s dir inside; ln -s /proc/self/root root`;
    await server.bash(0, `mkdir dir; mkfifo fifo; ln -s . self; ${links}`);
    const others = ["../slot_1/x", "/etc/passwd", "a/../../../etc/passwd", `${server.dataDir}/slot_1/x`, "..", "x\0y"];
    for (const path of [...others, "out/x", "link", "root/etc/passwd", "dangling", "fifo", "dir", "", "."]) {
      const read = await tool("read_file", { path });
      const written = await tool("write_file", { path, content: "planted" });
      expect([path, read.body.success, written.body.success]).toEqual([path, false, false]);
      expect(read.body.error).toMatch(/outside workspace|not there|regular file|folder|leads nowhere|NUL/);
    }
    expect(readdirSync(outside)).toEqual([]);
    for (const path of ["new/deep/file", "inside/file", "self/self/dir/../other", "ünï cödé\n"]) {
      expect((await tool("write_file", { path, content: `in ${path}` })).body.success).toBe(true);
      expect((await tool("read_file", { path })).body).toMatchObject({ success: true, output: `in ${path}` });
    }
    // What was written is the slot's own.
    expect((await server.bash(0, "echo more >> new/deep/file && rm -r new && echo fine")).body.output).toBe("fine");
    expect((await tool("write_file", { path: "large", content: "x".repeat(100_001) })).body).toMatchObject({
      success: false,
      error: "Content too large: 100001 bytes (max 100000)",
    });
    await server.bash(0, "head -c 100001 /dev/zero > large");
    expect((await tool("read_file", { path: "large" })).body).toMatchObject({
      success: false,
      error: "File too large: 100001 bytes (max 100000)",
    });
  });

  test("artifacts are read, listed and archived within limits, and no link is followed", async () => {
    const ask = (what: string, more: object) => server.post(`/artifacts/${what}`, { slot_id: "slot_0", ...more });
    const paths = (body: Record<string, unknown>) =>
      (body.entries as readonly { path: string }[]).map(({ path }) => path);
    await server.post("/reset", { slot_id: "slot_0" });
    await server.bash(0, "mkdir sub; echo hello > sub/a.txt; ln -s /etc/passwd sub/p; mkfifo sub/f; ln -s / root");
    expect((await ask("read", { path: "sub/a.txt", encoding: "base64", include_sha256: true })).body).toMatchObject({
      content: "aGVsbG8K",
      bytes: 6,
      file_size: 6,
      truncated: false,
      path: "sub/a.txt",
      mime: "text/plain",
      sha256: "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03",
    });
    expect(paths((await ask("list", { recursive: true })).body)).toEqual([
      "root",
      "sub",
      "sub/a.txt",
      "sub/f",
      "sub/p",
    ]);
    const { body: archive } = await ask("archive", {});
    const input = Buffer.from(String(archive.content), "base64");
    expect([execFileSync("tar", ["-tz"], { input, encoding: "utf8" }), archive.entry_count]).toEqual([
      "sub/a.txt\n",
      1,
    ]);
    expect(await ask("list", { path: "root/etc" })).toMatchObject({ status: 403, body: { code: "outside-workspace" } });
    expect(await ask("read", { path: "sub/f" })).toMatchObject({ status: 400 });
    expect(await ask("read", { path: "none" })).toMatchObject({ status: 404 });
    const much = "head -c 6000000 /dev/urandom > big; mkdir many; for i in $(seq 5100); do : > many/$i; done";
    await server.bash(0, much, { timeout: 60 });
    expect(await ask("archive", { path: "big" })).toMatchObject({ status: 413, body: { code: "too-large" } });
    expect((await ask("read", { path: "big" })).body).toMatchObject({ bytes: 5_000_000, truncated: true });
    const { body: many } = await ask("list", { path: "many" });
    expect([paths(many).length, many.truncated]).toEqual([5000, true]);
  }, 60_000);
});

describe("requests", () => {
  const server = new TestSandboxServer(program);
  beforeAll(() => server.start(["--slots", "2", ...ANY, "--limit", "requestTime=2", "--limit", "waiting=3"]));
  afterAll(async () => {
    await server.end();
    server.remove();
  });
  const output = async () => (await server.bash(0, "echo alive")).body.output;
  const execute = { slot_id: "slot_0", tool: "bash", args: { command: "true" } };

  test.each<[number, string, unknown]>([
    [400, "malformed", null],
    [400, "malformed", []],
    [400, "malformed", "x"],
    [400, "malformed", { ...execute, slot_id: 7 }],
    [404, "unknown-slot", { ...execute, slot_id: "slot_2" }],
    [404, "unknown-slot", { ...execute, slot_id: "../slot_0; rm -rf /\n\0" }],
    [404, "unknown-slot", { ...execute, slot_id: "__proto__" }],
    [400, "malformed", { ...execute, slot_id: "x".repeat(1000) }],
    [400, "unknown-tool", { ...execute, tool: "rm" }],
    [501, "not-supported", { ...execute, tool: "tmux" }],
    [400, "malformed", { ...execute, args: { command: ["x"] } }],
    [400, "malformed", { ...execute, args: {} }],
    [400, "malformed", { ...execute, timeout: -1 }],
    [400, "malformed", { ...execute, timeout: 1e12 }],
    [400, "malformed", { ...execute, timeout: "30" }],
    [400, "malformed", { ...execute, generation: 1.5 }],
    [400, "malformed", { ...execute, generation: -1 }],
    [400, "malformed", { ...execute, env: { "A;B": "x" } }],
    [400, "malformed", { ...execute, env: { A: "x\0y" } }],
    [400, "malformed", { ...execute, stdin: "no base64!" }],
  ])("is refused with %s %s: %j", async (status, code, body) => {
    const answer = await server.post("/execute", body);
    expect(answer).toMatchObject({ status, body: { success: false, code } });
  });

  test("names that every object has are names of variables like others", async () => {
    const env = { constructor: "a", prototype: "b", toString: "c", hasOwnProperty: "d" };
    const command = Object.keys(env)
      .map((name) => `echo $${name}`)
      .join("; ");
    const answer = await server.post("/execute", { ...execute, args: { command }, env });
    expect(answer.body.output).toBe("a\nb\nc\nd");
    const raw = JSON.stringify({ ...execute, args: { command: "env | grep -c __proto__" }, env: { A: "x" } });
    const body = raw.replace('"A"', '"__proto__"');
    const headers = { ...server.headers, "content-type": "application/json" };
    const said = await (await fetch(`${server.url}/execute`, { method: "POST", headers, body })).json();
    expect(said).toMatchObject({ success: true, output: "1" });
  });

  test("what is no request of the interface is refused, and the server goes on", async () => {
    const raw = async (path: string, init: RequestInit) =>
      (await fetch(server.url + path, { headers: server.headers, ...init })).status;
    expect(await raw("/execute", { method: "POST", body: "{" })).toBe(400);
    expect(await raw("/execute", { method: "POST", body: Buffer.from([0xff, 0x22]) })).toBe(400);
    expect(await raw("/nothing", { method: "GET" })).toBe(404);
    expect(await raw("/execute", { method: "DELETE" })).toBe(404);
    // A page can send this without asking first.
    const headers = { ...server.headers, "content-type": "text/plain" };
    expect(await raw("/execute", { method: "POST", headers, body: "{}" })).toBe(400);
    const mixed = await server.post("/batch", [execute, { ...execute, slot_id: "slot_9" }, 7]);
    expect(mixed.body).toMatchObject([{ success: true }, { code: "unknown-slot" }, { code: "malformed" }]);
    expect(await output()).toBe("alive");
  });

  test("nothing but health is answered without the token", async () => {
    const whole = server.headers.authorization ?? "";
    for (const authorization of [undefined, "Bearer wrong", "Bearer ", "Basic x", whole.slice(0, -1)]) {
      const own: Record<string, string> = authorization === undefined ? {} : { authorization };
      const headers = { "content-type": "application/json", ...own };
      for (const path of ["/execute", "/batch", "/reset", "/artifacts/read", "/slots", "/nothing"]) {
        const { status } = await fetch(server.url + path, { method: "POST", headers, body: "{}" });
        expect([authorization, path, status]).toEqual([authorization, path, 401]);
      }
    }
    const health = await fetch(`${server.url}/health`);
    expect(await health.json()).toMatchObject({ status: "ok", slots: 2, available: 2, executing: 0, token: true });
    expect(statSync(server.tokenFile).mode & 0o777).toBe(0o600);
    expect(server.said).not.toContain(whole.slice("Bearer ".length));
  });

  test("slow, cut and huge requests end alone", async () => {
    const open = (text: string) => {
      const socket = connect(server.port, "127.0.0.1", () => socket.write(text));
      socket.on("error", () => undefined);
      let said = "";
      socket.on("data", (chunk) => (said += chunk.toString()));
      return new Promise<string>((resolve) => socket.once("close", () => resolve(said)));
    };
    const head = `POST /execute HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAuthorization: ${server.headers.authorization}\r\n`;
    const slow = [open("POST /exec"), open(`${head}X-Slow: `), open(`${head}Content-Length: 100\r\n\r\n{"slot`)];
    // Its answer may be lost, where the server has closed the connection before all was sent.
    const sent = server.bash(0, "x".repeat(17 * 1024 * 1024)).catch(() => ({ status: 413 }));
    expect((await sent).status).toBe(413);
    expect(await open(`${head}X-Large: ${"x".repeat(20_000)}\r\n\r\n`)).toMatch(/^(HTTP\/1\.1 431|$)/);
    expect(await output()).toBe("alive");
    for (const ended of await Promise.all(slow)) expect(ended).toMatch(/^(HTTP\/1\.1 408|$)/);
    expect(await output()).toBe("alive");
  });

  test("a thousand connections do not keep anybody out, and a full queue says so", async () => {
    const sockets = Array.from({ length: 1000 }, () => connect(server.port, "127.0.0.1").on("error", () => undefined));
    let connected = 0;
    for (const socket of sockets) socket.once("connect", () => (connected += 1));
    await until("they are connected", () => connected === sockets.length);
    expect(await output()).toBe("alive");
    for (const socket of sockets) socket.destroy();
    const five = await Promise.all(Array.from({ length: 5 }, () => server.bash(1, "sleep 0.5")));
    expect(five.map(({ status }) => status).sort()).toEqual([200, 200, 200, 429, 429]);
    expect(await output()).toBe("alive");
  });
});

describe("the program", () => {
  const started = async (args: readonly string[], as: readonly string[] = []) => {
    const server = new TestSandboxServer(program);
    execFileSync("chmod", ["755", folder, server.folder]);
    await server.start(args, as);
    return server;
  };

  test.each<[readonly string[], RegExp]>([
    [
      ["--no-token", "--listen", "0.0.0.0"],
      /--no-token is for loopback only, and 0\.0\.0\.0 is not: write --token-file/,
    ],
    [["--slots", "0"], /--slots 0 is no whole number from 1 to 256/],
    [["--isolation", "hope"], /--isolation hope is not known/],
    [["--surprise"], /surprise/],
  ])("does not start with %j, and says what to write", async (args, message) => {
    const server = await started(args);
    expect([server.exitCode, server.said]).toEqual([2, expect.stringMatching(message)]);
    server.remove();
  });

  if (!isRoot) console.log("skipped: the sandbox server as nobody; it needs root to become nobody");
  const testWhere = isRoot ? test : test.skip;
  testWhere("without root and bubblewrap it needs to be told by name that isolation is off", async () => {
    const nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--"];
    const own = mkdtempSync(join(tmpdir(), "cdk-nomad-nobody-"));
    execFileSync("chown", ["65534", own]);
    const as = (isolation: string) =>
      started(["--no-token", "--isolation", isolation, "--data-dir", join(own, "data")], nobody);
    const refused = await as("user");
    expect([refused.exitCode, refused.said]).toEqual([
      2,
      expect.stringMatching(/only root can give every slot a user of its own.*--isolation none runs every command/),
    ]);
    refused.remove();
    const kinds = ["user,none", ...(existsSync("/usr/bin/bwrap") ? ["bubblewrap"] : [])];
    for (const kind of kinds) {
      const server = await as(kind);
      const expected =
        kind === "bubblewrap" ? { sandboxed: true, isolation: kind } : { sandboxed: false, isolation: "none" };
      expect((await server.bash(0, "id -u")).body).toMatchObject({ output: "65534", metadata: expected });
      await server.end();
      server.remove();
    }
    rmSync(own, { recursive: true, force: true });
  });

  testWhere("the next holder of a slot finds nothing of the last one where everybody may write", async () => {
    // As in a container of Docker without privileges: users of their own, and no namespaces.
    const weak = ["setpriv", "--bounding-set", "-sys_admin", "--"];
    const server = new TestSandboxServer(program);
    const shared = mkdtempSync(join(tmpdir(), "cdk-nomad-alloc-"));
    for (const folder of [server.folder, shared]) chmodSync(folder, 0o711);
    for (const name of ["data", "secrets"]) mkdirSync(join(shared, name));
    for (const name of ["data", "secrets"]) chmodSync(join(shared, name), 0o777);
    const tokenFile = join(shared, "secrets/token");
    const settings = [
      "--slots",
      "4",
      "--isolation",
      "user",
      "--data-dir",
      join(shared, "data"),
      "--token-file",
      tokenFile,
    ];
    await server.start(settings, ["env", `NOMAD_ALLOC_DIR=${shared}`, `NOMAD_SECRETS_DIR=${shared}/secrets`, ...weak]);
    const headers = { ...server.headers, authorization: `Bearer ${readFileSync(tokenFile, "utf8").trim()}` };
    const bash = async (slot: number, generation: number, command: string) => {
      const request = { slot_id: `slot_${slot}`, generation, tool: "bash", args: { command } };
      const { body } = await server.post("/execute", request, { headers });
      return body.output || body.error;
    };
    const folders = `/tmp /var/tmp /dev/shm ${shared}/data ${shared}/secrets`;
    const mark = `left-${server.port}`;
    const plant = `for f in ${folders}; do mkdir -m 777 $f/${mark} && echo secret > $f/${mark}/file && chmod 0 $f/${mark}/file; done; echo planted`;
    const ipc = `for n in shm sem msg; do awk -v u=$(id -u) '$5 == u || $8 == u' /proc/sysvipc/$n; done`;
    expect(await bash(0, 1, `${plant}; ipcmk -M 64 -S 1 -Q > /dev/null; ${ipc} | wc -l`)).toBe("planted\n3");
    // Another slot holds a folder of it open for itself.
    expect(await bash(1, 1, `mkdir -p /dev/shm/${mark}/mine && echo x > /dev/shm/${mark}/mine/x; echo done`)).toBe(
      "done",
    );
    const look = `cat /tmp/${mark}/* /var/tmp/${mark}/* /dev/shm/${mark}/*  ${shared}/*/${mark}/* 2>/dev/null; ls -d /dev/shm/${mark}/* /tmp/${mark} 2>/dev/null; ${ipc}`;
    expect(await bash(0, 2, `${look}; true`)).toBe("");
    // Nor does a slot put a token or a workspace in the place of the server's.
    const replace = `mv ${tokenFile} ${tokenFile}.old; echo 0123456789abcdef > ${tokenFile}; mv ${shared}/data/slot_1 ${shared}/data/x; mv ${shared}/data/.slots ${shared}/data/y; rm -f ${tokenFile}; echo tried`;
    expect(await bash(0, 2, `{ ${replace}; } 2>/dev/null`)).toBe("tried");
    expect(readdirSync(join(shared, "data")).sort()).toEqual([".slots", "slot_0", "slot_1", "slot_2", "slot_3"]);
    expect(await bash(1, 1, "echo fine")).toBe("fine");
    expect(readFileSync(tokenFile, "utf8")).not.toContain("0123456789abcdef");
    await server.end();
    // A token that others could read, or could have written, is none.
    chmodSync(tokenFile, 0o644);
    await server.start(settings, weak);
    expect([server.exitCode, server.said]).toEqual([2, expect.stringContaining("may be opened by others")]);
    chmodSync(tokenFile, 0o600);
    chownSync(tokenFile, 12_345, 12_345);
    await server.start(settings, weak);
    expect([server.exitCode, server.said]).toEqual([2, expect.stringContaining("belongs to somebody else")]);
    server.remove();
    rmSync(shared, { recursive: true, force: true });
    rmSync(`/dev/shm/${mark}`, { recursive: true, force: true });
  });

  test("without a token it answers programs of its machine, and no page in a browser", async () => {
    const server = await started(["--no-token", ...ANY]);
    expect((await server.bash(0, "echo fine")).body.output).toBe("fine");
    const asked = (headers: Record<string, string>) =>
      new Promise<string>((resolve) => {
        const all = { Host: "127.0.0.1", Connection: "close", ...headers };
        const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
        const socket = connect(server.port, "127.0.0.1", () =>
          socket.write(`GET /slots HTTP/1.1\r\n${lines.join("")}\r\n`),
        );
        socket.once("data", (chunk) => resolve(chunk.toString().split("\r\n")[0] ?? ""));
      });
    expect(await asked({})).toBe("HTTP/1.1 200 OK");
    expect(await asked({ Origin: "http://evil.example" })).toMatch(/401/);
    expect(await asked({ Host: "rebound.example:80" })).toMatch(/401/);
    await server.end();
    server.remove();
  });

  test.each(["SIGTERM", "SIGKILL"] as const)(
    "after %s nothing runs, and a new start knows the generations and the files",
    async (signal) => {
      const server = await started(ANY);
      const port = String(server.port);
      await server.bash(0, "echo kept > file", { generation: 4 });
      const running = server.bash(0, "setsid sleep 555004", { generation: 4 }).catch(() => undefined);
      await until("it runs", () => commandLinesWith("sleep 555004").length > 0);
      await server.end(signal);
      await running;
      await until("none runs", () => commandLinesWith("sleep 555004").length === 0);
      await server.start([...ANY, "--port", port]);
      expect(await server.bash(0, "cat file", { generation: 3 })).toMatchObject({ status: 409 });
      expect((await server.bash(0, "cat file", { generation: 4 })).body.output).toBe("kept");
      await server.end();
      server.remove();
    },
  );
});
