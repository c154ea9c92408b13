import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import { Output } from "../../../../lib/pools/slots/output";
import { SandboxClient, SandboxLostError, SandboxRefusal } from "../../../../lib/pools/slots/sandbox-client";
import { failure } from "../../../support/failure";

/** What a server answers that runs the commands of strangers: whatever they like. */
let server: Server;
let client: SandboxClient;

async function serving(listener: RequestListener): Promise<void> {
  server = createServer(listener).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  client = new SandboxClient({ address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, connections: 2 });
}

afterEach(async () => {
  await client.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const REQUEST = { slot_id: "slot_0", generation: 3, tool: "bash", args: { command: "true" } };
const stream = (output: Output, timeout = 1000, signal?: AbortSignal) =>
  client.stream(REQUEST, timeout, "the-token", output, signal);
const frame = (name: string, text: string) =>
  `${JSON.stringify({ stream: name, data: Buffer.from(text).toString("base64") })}\n`;
const RESULT = `${JSON.stringify({ result: { success: true, metadata: { exit_code: 0 } } })}\n`;

test("a command's output comes apart, and its token and generation go along", async () => {
  const seen: unknown[] = [];
  await serving((request, response) => {
    seen.push(request.headers.authorization, request.headers.accept);
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      seen.push((JSON.parse(body) as { generation: number }).generation);
      response.writeHead(200).end(frame("stdout", "out") + frame("stderr", "err") + RESULT);
    });
  });
  const output = new Output({});
  const answer = await stream(output);
  expect(answer.metadata.exit_code).toBe(0);
  expect(output.texts()).toEqual({ stdout: "out", stderr: "err" });
  expect(seen).toEqual(["Bearer the-token", "application/x-ndjson", 3]);
});

test("output beyond the limit is dropped, and a character is not cut in two", async () => {
  await serving((_, response) =>
    response.writeHead(200).end(frame("stdout", "aéé") + frame("stdout", "more") + RESULT),
  );
  const output = new Output({ outputLimit: 4 });
  await stream(output);
  expect(output.texts().stdout).toBe("aé");
  expect(output.truncated).toBe(true);
});

test("a stream that is cut before its end is no result", async () => {
  await serving((_, response) => response.writeHead(200).end(frame("stdout", "half")));
  const error = await failure(stream(new Output({})));
  expect(error).toBeInstanceOf(SandboxLostError);
  expect((error as SandboxLostError).reached).toBe(true);
});

test.each([
  ["no JSON", "<html>"],
  ["another form", '{"result":{"success":"yes"}}\n'],
  ["a list", "[]\n"],
  ["deep nesting", `${"[".repeat(100_000)}\n`],
])("%s in the place of a frame is an error that says so and repeats nothing", async (_, body) => {
  await serving((_request, response) => response.writeHead(200).end(body));
  const error = await failure(stream(new Output({})));
  expect(error).toBeInstanceOf(SandboxLostError);
  expect((error as Error).message).not.toContain("html");
  expect((error as Error).message.length).toBeLessThan(300);
});

test("a refusal has its code; a refusal in other words is no refusal", async () => {
  let body = JSON.stringify({ success: false, error: "no", code: "stale-generation", generation: 9 });
  await serving((_, response) => response.writeHead(409).end(body));
  const refusal = await failure(stream(new Output({})));
  expect(refusal).toBeInstanceOf(SandboxRefusal);
  expect((refusal as SandboxRefusal).refusal.code).toBe("stale-generation");
  body = "<h1>409</h1>";
  expect(await failure(stream(new Output({})))).toBeInstanceOf(SandboxLostError);
});

test("a server that takes a question and says nothing is given up", async () => {
  await serving(() => undefined);
  const error = await failure(client.health());
  expect(error).toBeInstanceOf(SandboxLostError);
  expect((error as Error).message).toContain("said nothing");
});

test("commands that hang do not keep it from being asked how it does", async () => {
  await serving((request, response) => {
    if (request.url === "/health")
      response.writeHead(200).end(JSON.stringify({ status: "ok", slots: 1, available: 0, executing: 1 }));
  });
  const stop = new AbortController();
  const commands = Array.from({ length: 5 }, () => failure(stream(new Output({}), 60_000, stop.signal)));
  expect((await client.health()).status).toBe("ok");
  stop.abort();
  expect((await Promise.all(commands)).every((error) => error !== undefined)).toBe(true);
});

test("an answer without end is given up", async () => {
  await serving((_, response) => {
    response.writeHead(200);
    const write = () => {
      while (response.write("x".repeat(1 << 20)));
      response.once("drain", write);
    };
    write();
  });
  expect(await failure(client.execute(REQUEST, 60_000, undefined))).toBeInstanceOf(SandboxLostError);
});

test("who takes output slowly slows the sandbox down, and nothing is kept meanwhile", async () => {
  let written = 0;
  await serving((_, response) => {
    response.writeHead(200);
    const piece = frame("stdout", "x".repeat(64 * 1024));
    const write = () => {
      while (written < 64 << 20 && response.write(piece)) written += piece.length;
      if (written < 64 << 20) response.once("drain", write);
    };
    write();
  });
  const stop = new AbortController();
  let taken = 0;
  const output = new Output({
    onStdout: async () => {
      taken += 1;
      if (taken === 3) await new Promise((resolve) => setTimeout(resolve, 300)).then(() => stop.abort());
    },
  });
  expect(await failure(stream(output, 60_000, stop.signal))).toBeDefined();
  expect(written).toBeLessThan(32 << 20);
});

test("a sandbox that is not there was not reached", async () => {
  await serving(() => undefined);
  const free = createTcpServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => free.once("listening", resolve));
  const { port } = free.address() as AddressInfo;
  await new Promise((resolve) => free.close(resolve));
  await client.close();
  client = new SandboxClient({ address: `http://127.0.0.1:${port}`, connections: 1 });
  const error = await failure(client.health());
  expect(error).toBeInstanceOf(SandboxLostError);
  expect((error as SandboxLostError).reached).toBe(false);
});

test("a client that is closed leaves nobody waiting", async () => {
  await serving(() => undefined);
  const waits = failure(stream(new Output({}), 60_000));
  await new Promise((resolve) => server.once("connection", resolve));
  await client.close();
  expect(await waits).toBeInstanceOf(SandboxLostError);
});

test("whoever does not take the output is waited for no longer than the command's time, or until it is cancelled", async () => {
  await serving((_request, response) => {
    response.writeHead(200).write(frame("stdout", "out"));
    setTimeout(() => response.end(RESULT), 300);
  });
  const stuck = new Output({ onStdout: () => new Promise(() => undefined) });
  expect((await stream(stuck, 200)).metadata.exit_code).toBe(0);
  const cancelled = new AbortController();
  setTimeout(() => cancelled.abort(), 50);
  expect(await failure(stream(stuck, 60_000, cancelled.signal))).toMatchObject({ name: "AbortError" });
});
