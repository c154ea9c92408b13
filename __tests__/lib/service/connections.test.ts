import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { serve, ServiceClient, ServiceRefusal, type RunEvent, type ServedContainer } from "../../../lib/service";
import type { ExecuteOptions } from "../../../lib/pools";
import { testService, type TestService } from "../../support/service";
import { until } from "../../support/until";

/** A service that listens on a port of its own, until the test is over. */
async function listening(options: Parameters<typeof testService>[0] = {}, grace = 5000) {
  const service = await testService(options);
  const stop = new AbortController();
  let address = "";
  const served = serve(service, {
    host: "127.0.0.1",
    port: 0,
    grace,
    signal: stop.signal,
    onListening: (where) => (address = where),
  });
  await until("listening", () => address !== "");
  running.push(async () => {
    stop.abort();
    service.pools.command = () => Promise.resolve({});
    await served;
  });
  return { service, address, stop: () => stop.abort(), served };
}
const running: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of running.splice(0)) await end();
});

function clientFor(service: TestService, address: string): ServiceClient {
  return new ServiceClient({ address, token: service.token("ann", "claim", "execute", "read", "admin") });
}

/** How many clients are connected. */
function connectionsOf({ app }: TestService): Promise<number> {
  return new Promise((resolve, reject) =>
    app.server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );
}

async function all(events: AsyncIterable<RunEvent>): Promise<RunEvent[]> {
  const found: RunEvent[] = [];
  for await (const event of events) found.push(event);
  return found;
}

const never = new AbortController().signal;
/** A command that ends when it is cancelled, and remembers that. */
function endless(seen: { ended?: string }, write?: (options: ExecuteOptions) => Promise<void>) {
  return (options: ExecuteOptions) =>
    new Promise<{ ended: "cancelled"; exitCode: number }>((resolve) => {
      const end = () => {
        seen.ended = "cancelled";
        resolve({ ended: "cancelled", exitCode: 130 });
      };
      options.signal?.addEventListener("abort", end, { once: true });
      void write?.(options);
    });
}

describe("streamed output", () => {
  test("comes as it is written, also where characters are cut, and ends with the exit code", async () => {
    const { service, address } = await listening();
    service.pools.command = async ({ onStdout, onStderr }) => {
      const bytes = Buffer.from("é\n");
      await onStdout?.(bytes.subarray(0, 1));
      await onStdout?.(bytes.subarray(1));
      await onStderr?.(Buffer.from("::error::x\n\u001b[31m"));
      await onStdout?.(Buffer.from([0xff]));
      return { exitCode: 3 };
    };
    const client = clientFor(service, address);
    const held = await client.claim({ pool: "warm-pool-openai" });
    const events = await all(client.execute(held, { command: "x" }, never));
    expect(events.filter(({ type }) => type === "stdout")).toEqual([
      { type: "stdout", data: "é\n" },
      { type: "stdout", data: "\ufffd" },
    ]);
    expect(events).toContainEqual({ type: "stderr", data: "::error::x\n\u001b[31m" });
    expect(events.at(-1)).toEqual({
      type: "exit",
      exitCode: 3,
      ended: "exited",
      truncated: false,
      duration: 1,
      isolation: "container",
    });
    service.pools.command = async ({ onStdout }) => {
      for (const byte of [0, 1, 2, 3, 255]) await onStdout?.(Buffer.from([byte]));
      return {};
    };
    const encoded = await all(client.execute(held, { command: "x", encoding: "base64" }, never));
    const data = encoded.flatMap((event) => (event.type === "stdout" ? [event.data] : [])).join("");
    expect([...Buffer.from(data, "base64")]).toEqual([0, 1, 2, 3, 255]);
  });

  test("what ends in the middle says why, without a word of what was sent", async () => {
    const { service, address } = await listening();
    service.pools.command = async ({ onStdout }) => {
      await onStdout?.(Buffer.from("begun"));
      throw new Error("hunter2");
    };
    const client = clientFor(service, address);
    const held = await client.claim({ pool: "warm-pool-openai" });
    const events = await all(client.execute(held, { command: "x" }, never));
    expect(events).toMatchObject([
      { type: "stdout", data: "begun" },
      { type: "error", problem: { code: "internal" } },
    ]);
    expect(JSON.stringify(events)).not.toContain("hunter2");
  });

  test("is refused by its status before it has begun", async () => {
    const { service, address } = await listening();
    const client = clientFor(service, address);
    const held = await client.claim({ pool: "warm-pool-openai" });
    const stale = all(client.execute({ ...held, generation: held.generation - 1 }, { command: "x" }, never));
    await expect(stale).rejects.toThrow(ServiceRefusal);
    await expect(stale).rejects.toMatchObject({ problem: { status: 409, code: "lease-stale" } });
  });

  test("a client that reads slowly slows the command down, so nothing is piled up here", async () => {
    const { service, address } = await listening();
    let written = 0;
    const seen: { ended?: string } = {};
    service.pools.command = endless(seen, async ({ onStdout, signal }) => {
      const chunk = Buffer.alloc(64 * 1024, "x");
      while (!signal?.aborted) {
        await onStdout?.(chunk);
        written += chunk.length;
      }
    });
    const client = clientFor(service, address);
    const held = await client.claim({ pool: "warm-pool-openai" });
    const events = client.execute(held, { command: "yes" }, never);
    await events.next();
    let before = -1;
    await until("the command waits", async () => {
      const stands = written === before;
      before = written;
      await sleep(200);
      return stands && written === before;
    });
    expect(written).toBeLessThan(32 * 1024 * 1024);
    await events.return(undefined);
    await until("the command is ended with its client", () => seen.ended === "cancelled");
  });

  test.each(["application/x-ndjson", "application/json"])(
    "a client that goes away ends its command (%s)",
    async (accept) => {
      const { service, address } = await listening();
      const seen: { ended?: string } = {};
      const held = await clientFor(service, address).claim({ pool: "warm-pool-openai" });
      service.pools.command = endless(seen);
      const gone = new AbortController();
      const asked = fetch(`${address}/api/containers/${held.id}/execute`, {
        method: "POST",
        signal: gone.signal,
        headers: {
          accept,
          authorization: `Bearer ${service.token("ann", "execute")}`,
          "content-type": "application/json",
          "lease-generation": String(held.generation),
        },
        body: JSON.stringify({ command: "sleep 1000" }),
      }).catch(() => undefined);
      await until("the command runs", () => service.pools.ran.length === 1);
      gone.abort();
      await asked;
      await until("the command is ended", () => seen.ended === "cancelled");
      // The lease stands: the client may come back.
      expect(service.pools.leases.size).toBe(1);
    },
  );
});

test("a client that goes away while its claim is answered keeps no container", async () => {
  const { service, address } = await listening();
  let answer = (): void => undefined;
  service.pools.claiming = new Promise((resolve) => (answer = resolve));
  const gone = new AbortController();
  const asked = fetch(`${address}/api/containers`, {
    method: "POST",
    signal: gone.signal,
    headers: { authorization: `Bearer ${service.token("ann", "claim")}`, "content-type": "application/json" },
    body: JSON.stringify({ pool: "warm-pool-openai" }),
  }).catch(() => undefined);
  await until("the container is claimed", () => service.pools.leases.size === 1);
  gone.abort();
  await asked;
  await until("the service knows that it is gone", async () => (await connectionsOf(service)) === 0);
  answer();
  await until("the container is given back", () => service.pools.leases.size === 0);
  expect(service.pools.claims).toBe(1);
});

describe("the end of a service", () => {
  async function held(service: TestService, address: string): Promise<ServedContainer> {
    return clientFor(service, address).claim({ pool: "warm-pool-openai" });
  }

  test("takes nothing more, lets commands end, and leaves the leases as they are", async () => {
    const { service, address, stop, served } = await listening();
    const container = await held(service, address);
    let end = (): void => undefined;
    service.pools.command = () => new Promise((resolve) => (end = () => resolve({ stdout: "done\n" })));
    const client = clientFor(service, address);
    const run = all(client.execute(container, { command: "x" }, never));
    await until("the command runs", () => service.pools.ran.length === 1);
    stop();
    await until("it listens no more", () =>
      fetch(`${address}/healthz`).then(
        () => false,
        () => true,
      ),
    );
    expect(service.pools.closed).toBe(false);
    end();
    expect((await run).at(-1)).toMatchObject({ type: "exit", exitCode: 0 });
    await served;
    expect([service.pools.closed, service.pools.leases.size]).toEqual([true, 1]);
  });

  test("ends commands that take longer than it may wait", async () => {
    const { service, address, stop, served } = await listening({}, 200);
    const container = await held(service, address);
    const seen: { ended?: string } = {};
    service.pools.command = endless(seen);
    const run = all(clientFor(service, address).execute(container, { command: "x" }, never));
    await until("the command runs", () => service.pools.ran.length === 1);
    stop();
    await served;
    expect((await run).at(-1)).toMatchObject({ type: "exit", ended: "cancelled", exitCode: 130 });
    expect(service.pools.leases.size).toBe(1);
  });

  test("a client that reads nothing keeps neither the command's turn nor the service", async () => {
    const { service, address, stop, served } = await listening({}, 200);
    const container = await held(service, address);
    const seen: { ended?: string } = {};
    service.pools.command = endless(seen, async ({ onStdout, signal }) => {
      while (!signal?.aborted) await onStdout?.(Buffer.alloc(64 * 1024, "x"));
    });
    const socket = connect(Number(new URL(address).port), "127.0.0.1").pause();
    const body = JSON.stringify({ command: "yes", generation: container.generation });
    socket.write(
      [
        `POST /api/containers/${container.id}/execute HTTP/1.1`,
        ...["Host: x", `Authorization: Bearer ${service.token("ann", "execute")}`, "Content-Type: application/json"],
        ...["Accept: application/x-ndjson", `Content-Length: ${body.length}`, "", body],
      ].join("\r\n"),
    );
    await until("the command runs", () => service.pools.ran.length === 1);
    await sleep(500);
    stop();
    await served;
    expect([seen.ended, service.pools.closed]).toEqual(["cancelled", true]);
    socket.destroy();
  });

  test("a port that is taken is told in words", async () => {
    const { address } = await listening();
    const second = await testService();
    const port = Number(new URL(address).port);
    const options = { host: "127.0.0.1", port, grace: 0, signal: never, onListening: () => undefined };
    await expect(serve(second, options)).rejects.toThrow("somebody else listens there");
    expect(second.pools.closed).toBe(true);
  });
});

describe("malformed requests", () => {
  test.each([
    ["no HTTP", "hello\r\n\r\n", 400],
    ["two lengths", "POST /api/execute HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", 400],
    ["a header of 64 KB", `GET /healthz HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(65_536)}\r\n\r\n`, 431],
    ["a path of 64 KB", `GET /${"x".repeat(65_536)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431],
  ])("%s is answered with a problem, and the service lives", async (_, text, status) => {
    const { address } = await listening();
    const said = await raw(address, text);
    expect(said).toContain(`HTTP/1.1 ${status} `);
    expect(said).toContain("application/problem+json");
    expect((await fetch(`${address}/healthz`)).status).toBe(200);
  });
});

/** Sends bytes, and collects what is answered until the connection ends. */
function raw(address: string, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(address).port), "127.0.0.1");
    let said = "";
    socket.on("data", (chunk: Buffer) => (said += chunk.toString()));
    socket.on("error", () => resolve(said));
    socket.on("close", () => resolve(said));
    socket.write(text);
  });
}

describe("planted secrets", () => {
  test("stand in no line of the log, no metric and no refusal", async () => {
    const lines: string[] = [];
    const log = { level: "debug" as const, stream: { write: (line: string) => void lines.push(line) } };
    const { service, address } = await listening({ log });
    const secret = "hunter2-7d1c";
    const token = service.token("ann", "claim", "execute", "read");
    const said: string[] = [];
    const send = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
      const answer = await fetch(`${address}${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
        body: typeof body === "string" ? body : JSON.stringify(body),
      });
      said.push(await answer.text());
      return answer.status;
    };
    const command = {
      userId: "ann",
      provider: "openai",
      command: `echo ${secret}`,
      credentials: { KEY: secret },
      env: { A: secret },
    };
    service.pools.command = () => Promise.reject(new Error(`cannot ${secret}`));
    expect(await send("/api/execute", command)).toBe(500);
    service.pools.free = [];
    expect(await send("/api/execute", command)).toBe(500);
    expect(await send("/api/execute", { ...command, provider: secret })).toBe(400);
    expect(await send("/api/execute", { ...command, env: { A: `${secret}\0` } })).toBe(400);
    expect(await send("/api/execute", `{"command": "${secret}`)).toBe(400);
    expect(await send(`/api/containers/${secret}/execute`, { command: secret }, { "lease-generation": "1" })).toBe(404);
    expect(await send(`/nothing?${secret}`, { secret })).toBe(404);
    said.push(await (await fetch(`${address}/metrics`, { headers: { authorization: `Bearer ${token}` } })).text());
    await until("everything is logged", () => lines.filter((line) => line.includes('"answered"')).length === 8);
    expect(lines.join("") + said.join("")).not.toContain(secret);
    expect(lines.join("") + said.join("")).not.toContain(token);
    // The log is of use all the same.
    expect(lines.join("")).toContain('"route":"/api/execute","status":500');
  });
});
