import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../../lib/errors";
import { NoAnswerError } from "../../../lib/errors";
import { ApiError, isClosed, isSilent, NomadClient, nomadConnection } from "../../../lib/nomad";
import { textOf } from "../../../lib/nomad/body";
import { ExecServer, written, type ExecServerOptions, type ServedExec } from "../../support/exec-server";
import { failure } from "../../support/failure";
import { until } from "../../support/until";

const ALLOCATION = "36e10a25-fffa-9aac-dc27-89ad1385e095";
let server: ExecServer;
let nomad: NomadClient;

async function serve(options: ExecServerOptions = {}, env: Record<string, string> = {}, silence = 12_000) {
  server = await new ExecServer(options).open();
  const address = env.USER_AT ? server.address.replace("//", `//${env.USER_AT}@`) : server.address;
  nomad = new NomadClient({ ...nomadConnection({ NOMAD_ADDR: address, ...env }), silence });
}

afterEach(async () => {
  await nomad?.close();
  await server?.close();
});

const exec = (options = {}) => nomad.exec(ALLOCATION, "web", ["/bin/sh"], options);
/** The server's side of the only session. */
async function served(): Promise<ServedExec> {
  await until("a session", () => server.execs.length > 0);
  return server.execs[0] as ServedExec;
}

describe("a session", () => {
  test("brings the command's input and outputs, and its exit code after them", async () => {
    await serve();
    const session = await exec();
    const there = await served();
    await session.write(Buffer.from("hello"));
    await session.end();
    await until("the input", () => there.input.includes("<end>"));
    there.say(written("stdout", "out"));
    there.say(written("stderr", "err"));
    there.exit(3);
    expect(await textOf(session.stdout, 100)).toBe("out");
    expect(await textOf(session.stderr, 100)).toBe("err");
    expect(await session.exitCode).toBe(3);
    expect(there.input).toEqual(["hello", "<end>"]);
  });

  test("is asked for with the token, the region, and a proxy's credentials", async () => {
    await serve({}, { NOMAD_TOKEN: "t0ken", NOMAD_REGION: "eu", USER_AT: "ann:pa%3Ass" });
    const session = await exec();
    const { request } = await served();
    expect(request.headers["x-nomad-token"]).toBe("t0ken");
    expect(request.headers.authorization).toBe(`Basic ${Buffer.from("ann:pa:ss").toString("base64")}`);
    const url = new URL(request.url ?? "", "http://nomad");
    expect(url.pathname).toBe(`/v1/client/allocation/${ALLOCATION}/exec`);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({ region: "eu", task: "web", command: '["/bin/sh"]' });
    session.close();
  });

  test("whose connection is cut ends its streams, and says that nothing is known of the command", async () => {
    await serve();
    const session = await exec();
    const there = await served();
    there.say(written("stdout", "begun"));
    const reading = textOf(session.stdout, 100);
    await sleep(20);
    there.socket.terminate();
    expect(await reading).toBe("begun");
    const error = await failure(session.exitCode);
    expect(error).toBeInstanceOf(NoAnswerError);
    expect(error).toMatchObject({ kind: "absent" });
    await expect(session.write(Buffer.from("more"))).rejects.toBe(error);
  });

  test.each([
    [1011, "Unknown task group", 500],
    [4404, "task not found", 404],
  ])("that the server closes with %i is refused by what it said", async (code, text, status) => {
    await serve({ onExec: ({ socket }) => socket.close(code, text) });
    const session = await exec();
    const error = await failure(session.exitCode);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status, body: text });
  });

  test("that the token may not have says which right it needs", async () => {
    await serve({ refuse: () => ({ status: 403, text: "Permission denied" }) }, { NOMAD_TOKEN: "t0ken" });
    const error = await failure(exec());
    expect(error).toBeInstanceOf(UserError);
    expect(error?.message).toMatch(/alloc-exec/);
    expect(error?.message).not.toMatch(/t0ken/);
  });

  test("waits while the server has too many connections, and is then opened", async () => {
    let asked = 0;
    const refuse = () => ((asked += 1) <= 2 ? { status: 429, text: "too many connections" } : undefined);
    await serve({ refuse });
    const session = await exec();
    expect(asked).toBe(3);
    session.close();
  });

  test("that is never answered is told as silence", async () => {
    await serve({ isMute: true }, {}, 200);
    expect(isSilent(await failure(exec()))).toBe(true);
  });

  test("that a frame of another form comes in is over, with the endpoint in its message", async () => {
    await serve({ onExec: ({ socket }) => socket.send("no JSON") });
    const session = await exec();
    expect((await failure(session.exitCode))?.message).toMatch(/exec.*no JSON/s);
  });

  test("ends with its client, and so does one that waits for its turn", async () => {
    await serve();
    await nomad.close();
    nomad = new NomadClient({ ...nomadConnection({ NOMAD_ADDR: server.address }), execs: 1 });
    const session = await exec();
    const waiting = failure(exec());
    await nomad.close();
    expect(isClosed(await failure(session.exitCode))).toBe(true);
    expect(isClosed(await waiting)).toBe(true);
    expect(server.execs).toHaveLength(1);
    expect(isClosed(await failure(exec()))).toBe(true);
  });
});

describe("silence", () => {
  const begin = async (options: ExecServerOptions) => {
    await serve(options, {}, 100);
    const session = await exec();
    const there = await served();
    there.say(written("stdout", "42\n"));
    // What the server says after the input would show that it has read it.
    await once(session.stdout as Readable, "readable");
    await session.write(Buffer.from("sleep 600\n"));
    await session.end();
    return { session, there };
  };

  test("of a command is no silence of its server, which answers pings", async () => {
    const { session, there } = await begin({});
    const ended = session.exitCode.then(() => "ended");
    expect(await Promise.race([ended, sleep(700, "goes on", { ref: false })])).toBe("goes on");
    there.exit(0);
    expect(await ended).toBe("ended");
  });

  test("of a server that took the input and is gone since ends the session", async () => {
    const { session, there } = await begin({ answersPings: false });
    // It has read the input, as its first answer shows.
    there.socket.once("ping", (data) => there.socket.pong(data));
    const error = await Promise.race([failure(session.exitCode), sleep(3000, "goes on", { ref: false })]);
    expect(error).not.toBe("goes on");
    expect(isSilent(error)).toBe(true);
  });

  test("of a server that waits for a command to take its input ends nothing", async () => {
    const { session, there } = await begin({});
    // As a pong to an earlier ping may come while the server is held up by what was sent after it.
    there.socket.pause();
    // More than a pipe holds.
    await session.write(Buffer.alloc(128 * 1024));
    const ended = failure(session.exitCode);
    expect(await Promise.race([ended, sleep(700, "goes on", { ref: false })])).toBe("goes on");
    there.socket.resume();
    there.exit(0);
    expect(await ended).toBeUndefined();
  });

  test.each<[string, number, ExecServerOptions]>([
    ["that did not read what any server reads at once", 0, {}],
    ["that did not read its input, and answers nobody else", 128 * 1024, { answersRequests: false }],
  ])("of a server %s ends the session", async (_, input, options) => {
    const { session, there } = await begin({ ...options, answersPings: false });
    there.socket.pause();
    await session.write(Buffer.alloc(input));
    const error = await Promise.race([failure(session.exitCode), sleep(3000, "goes on", { ref: false })]);
    expect(error).not.toBe("goes on");
    expect(isSilent(error)).toBe(true);
  });
});

describe("TLS", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "cdk-nomad-tls-"));
    // A certificate of its own for this run: none is kept in the repository.
    const subject = ["-subj", "/CN=nomad", "-addext", "subjectAltName=IP:127.0.0.1"];
    const files = ["-keyout", join(folder, "key.pem"), "-out", join(folder, "cert.pem")];
    const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    execFileSync("openssl", ["req", "-x509", ...kind, ...subject, ...files], { stdio: "ignore" });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const tls = () => ({ key: readFileSync(join(folder, "key.pem")), cert: readFileSync(join(folder, "cert.pem")) });

  test("is checked against the authority that is named", async () => {
    await serve({ tls: tls(), onExec: ({ say }) => say({ exited: true }) }, { NOMAD_CACERT: join(folder, "cert.pem") });
    expect(await (await exec()).exitCode).toBe(0);
  });

  test("of an authority that nobody named is no connection", async () => {
    await serve({ tls: tls() });
    const error = await failure(exec());
    expect(error).toBeInstanceOf(NoAnswerError);
    expect(error?.message).toMatch(/SELF_SIGNED|self-signed/);
    expect(server.execs).toHaveLength(0);
  });
});
