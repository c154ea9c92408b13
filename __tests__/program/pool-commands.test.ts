import { Readable } from "node:stream";
import { COMMANDS } from "../../lib/cli";
import { SCOPES } from "../../lib/service";
import { cli, environment } from "../support/run-cli";
import { testService, type TestService } from "../support/service";

/** The pools' commands in this process, asking a service over pools in memory by its real connection. */

const POOL = "warm-pool-openai";
let service: TestService;
let env: Record<string, string | undefined>;
beforeAll(async () => {
  service = await testService();
  const address = await service.app.listen({ host: "127.0.0.1", port: 0 });
  env = environment({
    POOL_SERVICE_ADDR: address,
    POOL_SERVICE_TOKEN: service.token("ann", ...SCOPES),
    KEY: "planted",
  });
});
afterAll(() => service.end(0));

const pool = (...args: readonly string[]) => cli(["pool", ...args], { env });
async function claim(): Promise<{ readonly id: string; readonly generation: number }> {
  const { code, stdout } = await pool("claim", POOL, "--json");
  expect(code).toBe(0);
  return JSON.parse(stdout) as { id: string; generation: number };
}

const all = COMMANDS.flatMap(([, entries]) =>
  entries.flatMap((entry) =>
    "commands" in entry
      ? entry.commands.map((inner) => [`${entry.name} ${inner.name}`, inner] as const)
      : [[entry.name, entry] as const],
  ),
);

test("claim says what is the container and what the fencing token, and its help does", async () => {
  const { code, stdout, stderr } = await pool("claim", POOL);
  const [, id = "", generation = ""] =
    /^container {3}(\S+)\ngeneration {2}(\d+) \(the fencing token of this lease: .*\)\n$/.exec(stdout) ?? [];
  expect([code, stderr]).toEqual([
    0,
    expect.stringContaining(`pool exec ${id} --generation ${generation} -- <command>`),
  ]);
  expect(stderr).toContain(`cdk-nomad pool release ${id} --generation ${generation}`);
  expect((await pool("release", id, "--generation", generation)).code).toBe(0);
  for (const command of ["claim", "exec", "release"])
    expect([command, (await cli(["pool", command, "--help"])).stdout]).toEqual([
      command,
      expect.stringMatching(/fencing\s+token/),
    ]);
});

test("exec says on a terminal what it waits for, and how standard input ends; in a pipe stderr is the command's own", async () => {
  const { id } = await claim();
  let goesOn: () => void = () => undefined;
  service.pools.command = async ({ onStdout, stdin }) => {
    await new Promise<void>((resolve) => (goesOn = resolve));
    await onStdout?.(Buffer.from(`said: ${stdin ?? ""}\n`));
    return {};
  };
  let said = "";
  const onOutput = (text: string) => {
    said += text;
    if (said.includes("what the command writes")) goesOn();
  };
  const typed = Object.assign(Readable.from(["yes\n"]), { isTTY: true });
  const options = { env, columns: 200, onOutput, stdin: typed };
  const watched = await cli(["pool", "exec", id, "--secret", "KEY", "--stdin", "--", "cat"], options);
  expect([watched.code, watched.stderr]).toEqual([0, expect.stringMatching(/standard input: .* Ctrl-D/)]);
  expect(watched.stderr).toContain("waiting for what the command writes");
  expect(watched.stdout).toContain("said: yes");
  const piped = cli(["pool", "exec", id, "--secret", "KEY", "--", "cat"], {
    env,
    stdin: new Readable({ read: () => undefined }),
  });
  const end = setTimeout(() => goesOn(), 1500);
  expect(await piped).toEqual({ code: 0, stdout: "said: \n", stderr: "" });
  clearTimeout(end);
  await pool("release", id);
});

test("no option begins as one that Node reads for itself, wherever it stands behind a script", () => {
  const flags = all.flatMap(([name, { options }]) => Object.keys(options).map((option) => `${name} ${option}`));
  expect(flags).toContain("pool exec envFrom");
  expect(flags.filter((flag) => / envFile/.test(flag))).toEqual([]);
});

test("every command has --json but those that print a file, or words for a person alone", () => {
  const without = all.filter(([, { options }]) => !("json" in options)).map(([name]) => name);
  expect(without).toEqual(
    expect.arrayContaining(["start", "down", "logs", "render", "import", "github comment", "github issue"]),
  );
  expect(without).toHaveLength(7);
});

test("what exec --json prints is one value, with all that the command wrote in it, and its secrets masked", async () => {
  const held = await claim();
  service.pools.command = async ({ onStdout, onStderr }) => {
    await onStdout?.(Buffer.from('{"looks":"like JSON"}\nplan'));
    await onStderr?.(Buffer.from("wrong\n"));
    await onStdout?.(Buffer.from("ted\n"));
    return { exitCode: 7 };
  };
  const said = await pool("exec", held.id, "--secret", "KEY", "--json", "--", "true");
  expect([said.code, said.stderr]).toEqual([7, ""]);
  expect(JSON.parse(said.stdout)).toEqual({
    id: held.id,
    generation: held.generation,
    exitCode: 7,
    ended: "exited",
    stdout: '{"looks":"like JSON"}\n••••••\n',
    stderr: "wrong\n",
    truncated: false,
    duration: 1,
    isolation: "container",
  });
  // What stands behind -- is the command's own.
  service.pools.command = async ({ onStdout }) => {
    await onStdout?.(Buffer.from("plain\n"));
    return {};
  };
  expect(await pool("exec", held.id, "--", "true", "--json")).toEqual({ code: 0, stdout: "plain\n", stderr: "" });
  expect(service.pools.ran.at(-1)?.line).toBe("true --json");
  await pool("release", held.id);
});

test("the last line of what a command wrote is printed, however the command ended", async () => {
  const { id } = await claim();
  service.pools.command = async ({ onStdout, onStderr }) => {
    await onStdout?.(Buffer.from("first\nlast"));
    await onStderr?.(Buffer.from("wrong"));
    throw new Error("the connection was cut");
  };
  const said = await pool("exec", id, "--", "true");
  expect([said.code, said.stdout]).toEqual([1, "first\nlast\n"]);
  expect(said.stderr).toMatch(/^wrong\n./);
  await pool("release", id);
});

test("exec --json keeps 1 MiB of each stream, and says that there was more", async () => {
  const { id } = await claim();
  service.pools.command = async ({ onStdout }) => {
    for (let count = 0; count < 3; count += 1) await onStdout?.(Buffer.from("é".repeat(300_000)));
    return {};
  };
  const { stdout } = await pool("exec", id, "--json", "--", "yes");
  const result = JSON.parse(stdout) as { readonly stdout: string; readonly truncated: boolean };
  expect([result.stdout, result.truncated]).toEqual(["é".repeat(1024 * 512), true]);
  await pool("release", id);
});

test("release, drain, fill, recycle and token print one value, and so do their errors", async () => {
  const held = await claim();
  const released = await pool("release", held.id, "--json");
  expect([released.code, JSON.parse(released.stdout)]).toEqual([0, { id: held.id, generation: held.generation }]);
  for (const args of [
    ["release", held.id],
    ["exec", held.id, "--generation", "1", "true"],
    ["drain", "none"],
  ]) {
    const refused = await pool(...args, "--json");
    expect([args, refused.code, JSON.parse(refused.stdout)]).toEqual([
      args,
      1,
      { error: { problems: [expect.objectContaining({ severity: "error" })] } },
    ]);
  }
  for (const verb of ["drain", "fill", "recycle"]) {
    const said = await pool(verb, POOL, "--json");
    expect([verb, said.code, JSON.parse(said.stdout)]).toEqual([verb, 0, expect.objectContaining({ pool: POOL })]);
  }
  const made = await pool("token", "create", "--owner", "bob", "--scope", "read", "--json");
  const { token, line, ...rest } = JSON.parse(made.stdout) as { token: string; line: string };
  expect(rest).toEqual({ id: expect.stringMatching(/^[0-9a-f]{12}$/), owner: "bob", scopes: ["read"] });
  expect([token, JSON.parse(line)]).toEqual([
    expect.stringMatching(/^cnp_/),
    expect.objectContaining({ owner: "bob", scopes: ["read"] }),
  ]);
});

test("every command that asks the service says where it is, before it is asked, and without credentials", async () => {
  const { host } = new URL(env.POOL_SERVICE_ADDR ?? "");
  const at = `  the pools' service at http://${host}\n`;
  const { id } = await claim();
  for (const args of [
    ["claim", POOL],
    ["drain", POOL],
    ["fill", POOL],
    ["recycle", POOL],
    ["release", id],
  ]) {
    const said = await cli(["pool", ...args], { env: { ...env, POOL_SERVICE_ADDR: `http://ann:winter@${host}` } });
    expect([args, said.stderr.slice(0, at.length)]).toEqual([args, at]);
  }
  // On a terminal; in a pipe, stderr is the command's own.
  const ran = await claim();
  const watched = await cli(["pool", "exec", ran.id, "--", "true"], { env, columns: 120 });
  expect(watched.stderr).toContain(at.trimEnd());
  expect((await pool("exec", ran.id, "--", "true")).stderr).toBe("");
  await pool("release", ran.id);
});

test("the usage of token says what has to be written, and all that is missing is said at once", async () => {
  const help = await cli(["pool", "token", "--help"]);
  expect(help.stdout).toMatch(/^Usage: cdk-nomad pool token create --owner <name> --scope <scope> \[options\]\n/);
  const missing = await cli(["pool", "token", "create"]);
  expect([missing.code, missing.stderr]).toEqual([
    1,
    expect.stringMatching(/--owner: is missing; write .*\n.*--scope: is missing; write some of execute, /),
  ]);
  const wrong = await cli(["pool", "token", "make", "--owner", "a", "--scope", "read"]);
  expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('create: "make" is not known; write create')]);
});
