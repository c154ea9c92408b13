import { request } from "undici";
import { testService, type TestService } from "../../support/service";
import { until } from "../../support/until";

// Those who are too many are answered before Fastify has them, and get the very answer that it would give.

let service: TestService;
let address: string;
let reached: string[];
let end: () => void;
beforeEach(async () => {
  service = await testService({ limits: { commandsOfOwner: 1, commands: 3 } });
  reached = [];
  service.app.addHook("onRequest", (asked, _reply, done) => {
    reached.push(asked.url);
    done();
  });
  service.pools.command = () => new Promise((resolve) => (end = () => resolve({})));
  address = await service.app.listen({ host: "127.0.0.1", port: 0 });
});
afterEach(async () => {
  end();
  await service.end(0);
});

const RUN = { userId: "ann", provider: "openai", command: "true" };

async function post(token: string, path = "/api/execute", { headers = {}, body = RUN as object } = {}) {
  const answer = await request(`${address}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  return { status: answer.statusCode, headers: answer.headers, body: (await answer.body.json()) as object };
}

/** Has an owner run as many commands as one may. */
async function fill(token: string, owner = "ann"): Promise<void> {
  const before = service.pools.ran.length;
  void service.ask(token, "POST", "/api/execute", { ...RUN, userId: owner });
  await until("it runs", () => service.pools.ran.length > before);
  reached.length = 0;
}

test("whoever has too many is told as Fastify would tell it, and Fastify never has the request", async () => {
  const ann = service.token("ann", "execute");
  await fill(ann);
  for (const path of ["/api/execute", "/api/execute?x=1", "/api/containers/0f4a/execute"]) {
    const early = await post(ann, path);
    expect(reached).toEqual([]);
    const usual = await service.ask(ann, "POST", path, RUN);
    expect(early).toMatchObject({ status: 429, body: usual.body });
    expect(usual.status).toBe(429);
    for (const name of ["content-type", "retry-after", "content-length"])
      expect([name, early.headers[name]]).toEqual([name, String(usual.headers[name])]);
    expect(early.headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
    reached.length = 0;
  }
});

test("what is to be judged by more than that goes on to whoever judges it", async () => {
  const ann = service.token("ann", "execute");
  const [reader, root, bob] = [
    service.token("ann", "read"),
    service.token("root", "execute", "any-owner"),
    service.token("bob", "execute"),
  ];
  await fill(ann);
  const answers = [
    await post("wrong"),
    await post(reader),
    await post(ann, "/api/execute/"),
    await post(ann, "/api/containers/a/b/execute"),
    await post(root),
    await post(bob, "/api/execute", { body: {} }),
    await post(ann, "/api/containers", { body: { pool: "none" } }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([401, 403, 404, 404, 429, 400, 403]);
});

test("what was refused is counted, and the next command of whoever has room again runs", async () => {
  const ann = service.token("ann", "execute", "read");
  await fill(ann);
  await post(ann);
  await post(ann);
  const { text } = await service.ask(ann, "GET", "/metrics");
  expect(text).toMatch(/requests_total\{method="POST",route="\/api\/execute",status="429"\} 2/);
  end();
  await until("its command has ended", async () => {
    service.pools.command = () => Promise.resolve({});
    service.pools.free.push("another");
    return (await post(ann)).status === 200;
  });
});
