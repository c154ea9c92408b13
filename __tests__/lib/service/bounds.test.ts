import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { testService, type TestService } from "../../support/service";
import { until } from "../../support/until";

let service: TestService;
let port = 0;
let ann = "";
const open: Socket[] = [];
beforeEach(async () => {
  service = await testService({ limits: { body: 200_000, commandsOfOwner: 1, commands: 3 } });
  ann = service.token("ann", "execute", "read");
  port = Number(new URL(await service.app.listen({ host: "127.0.0.1", port: 0 })).port);
});
afterEach(async () => {
  for (const socket of open.splice(0)) socket.destroy();
  await service.end(0);
});

/** A connection over which something was sent, and what was answered over it. */
function send(text: string) {
  const socket = connect(port, "127.0.0.1");
  const connection = { socket, said: "", isOver: false };
  open.push(socket);
  socket.on("data", (chunk: Buffer) => (connection.said += chunk.toString()));
  socket.on("error", () => undefined);
  socket.on("close", () => (connection.isOver = true));
  socket.write(text);
  return connection;
}
const head = (start: string, ...headers: readonly string[]) =>
  [start, "Host: 127.0.0.1:8790", "Content-Type: application/json", ...headers, "", ""].join("\r\n");
const auth = (token: string) => `Authorization: Bearer ${token}`;
const answers = (said: string) => (said.match(/HTTP\/1\.1 \d{3}(?= )/g) ?? []).map((line) => Number(line.slice(-3)));
const connectionsOf = () =>
  new Promise<number>((resolve) => service.app.server.getConnections((_error, count) => resolve(count)));

test("a body that anybody may send is small, so that nobody fills the memory with them", async () => {
  const large = send(`${head("POST /api/session HTTP/1.1", "Content-Length: 150000")}${"x".repeat(100_000)}`);
  await until("it is refused before all of it came", () => answers(large.said)[0] === 413);
  const chunked = send(
    `${head("POST /api/session HTTP/1.1", "Transfer-Encoding: chunked")}${(8000).toString(16)}\r\n${"x".repeat(8000)}`,
  );
  await until("so is one without a length", () => answers(chunked.said)[0] === 413);
  expect([large.said, chunked.said].join("")).not.toContain("HTTP/1.1 200");
});

test("large bodies that are read at once are bounded for each owner, keep nobody else out, and are forgotten when they end", async () => {
  const begin = (token: string, length = "Content-Length: 200000") =>
    send(`${head("POST /api/execute HTTP/1.1", auth(token), length)}3e8\r\n${"x".repeat(1000)}\r\n`);
  const first = Array.from({ length: 11 }, () => begin(ann));
  await sleep(200);
  const over = [begin(ann), begin(ann, "Transfer-Encoding: chunked")];
  await until("those beyond are refused", () => over.every(({ said }) => answers(said)[0] === 429));
  expect(over[0]?.said).toMatch(/Retry-After: 1/i);
  expect(first.flatMap(({ said }) => answers(said))).toEqual([]);
  const run = { userId: "bob", provider: "openai", command: "true", stdin: "x".repeat(100_000) };
  expect((await service.ask(service.token("bob", "execute"), "POST", "/api/execute", run)).status).toBe(200);
  for (const { socket } of first) socket.destroy();
  const own = { ...run, userId: "ann" };
  await until("there is room again", async () => (await service.ask(ann, "POST", "/api/execute", own)).status === 200);
  // What was read counts no more, whatever became of it.
  for (let count = 0; count < 30; count += 1)
    expect((await service.ask(ann, "POST", "/api/execute", { ...own, stdin: 7, more: run.stdin })).status).toBe(400);
  expect((await service.ask(ann, "POST", "/api/execute", own)).status).toBe(200);
});

test("a connection that reads no answer is ended once many requests wait on it, and one that reads them is not", async () => {
  const request = head("GET /api/pools HTTP/1.1", auth(ann));
  const flood = send(request.repeat(2000));
  await until("it is ended", () => flood.isOver);
  expect(answers(flood.said).length).toBeLessThan(200);
  const few = send(request.repeat(10));
  await until("all are answered", () => answers(few.said).length === 10);
  few.socket.write(request.repeat(10));
  await until("and the next ones", () => answers(few.said).length === 20);
  expect(few.isOver).toBe(false);
});

test("the document is made once, and sent to everybody as it is", async () => {
  const [one, two] = [await service.ask("", "GET", "/openapi.json"), await service.ask("", "GET", "/openapi.json")];
  expect(one.headers["content-type"]).toBe("application/json; charset=utf-8");
  expect(one.body).toHaveProperty("paths");
  expect(two.text).toBe(one.text);
});

test("whoever is told that they are too slow, and neither reads nor closes, keeps no connection", async () => {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true }).pause();
  open.push(socket);
  socket.on("error", () => undefined);
  socket.write("GET /healthz HTTP/1.1\r\nX : a\r\n\r\n");
  await until("it is open", async () => (await connectionsOf()) === 1);
  await until("it is let go of", async () => (await connectionsOf()) === 0, 30_000);
  expect(socket.destroyed).toBe(false);
});
