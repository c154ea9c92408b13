import { Tokens } from "../../../lib/service";
import { testService } from "../../support/service";

test("strangers learn whether the service is ready, and nothing of the inside; who may read learns what does not answer", async () => {
  const service = await testService({ now: () => (time += 1000) });
  let time = 0;
  const token = service.token("ann", "read");
  const trouble = "does not answer within 3 s";
  for (const [found, status, word] of [
    [undefined, 200, "ready"],
    [trouble, 503, "not-ready"],
  ] as const) {
    service.pools.trouble = found;
    const said = await service.ask("", "GET", "/readyz");
    expect([said.status, said.body]).toEqual([status, { status: word }]);
    const inside = { name: "Nomad", ok: found === undefined, ...(found === undefined ? {} : { message: found }) };
    const { body } = await service.ask(token, "GET", "/api/dependencies");
    expect(body).toEqual({ dependencies: expect.arrayContaining([inside]) as unknown });
  }
  expect(await service.ask("", "GET", "/api/dependencies")).toMatchObject({ status: 401 });
  const lives = await service.ask("", "GET", "/healthz");
  expect([lives.status, lives.body]).toEqual([200, { status: "ok" }]);
});

test("however often strangers ask, the cluster is asked once a second, and never twice at once", async () => {
  let time = 0;
  const service = await testService({ now: () => time });
  let [asked, underWay, most] = [0, 0, 0];
  const answers: (() => void)[] = [];
  service.pools.dependencies = async () => {
    asked += 1;
    most = Math.max(most, (underWay += 1));
    await new Promise<void>((resolve) => answers.push(resolve));
    underWay -= 1;
    return [];
  };
  const knock = () => Array.from({ length: 50 }, () => service.ask("", "GET", "/readyz"));
  const first = knock();
  await new Promise(setImmediate);
  time = 5000;
  const late = knock();
  await new Promise(setImmediate);
  expect(asked).toBe(1);
  answers[0]?.();
  for (const { status } of await Promise.all([...first, ...late])) expect(status).toBe(200);
  time = 5999;
  const next = service.ask("", "GET", "/readyz");
  while (answers.length < 2) await new Promise(setImmediate);
  answers[1]?.();
  await next;
  time = 6500;
  await Promise.all(knock());
  expect([asked, most]).toEqual([2, 1]);
  for (let count = 0; count < 20; count += 1) await service.ask("", "GET", "/healthz");
  expect(asked).toBe(2);
});

test("what the service counts is for tokens that may read", async () => {
  const service = await testService();
  const strangers = await service.ask("", "GET", "/metrics");
  const others = await service.ask(service.token("ann", "claim", "execute", "admin", "any-owner"), "GET", "/metrics");
  const said = await service.ask(service.token("prometheus", "read"), "GET", "/metrics");
  expect([strangers.status, others.status, said.status]).toEqual([401, 403, 200]);
  for (const { text } of [strangers, others]) expect(text).not.toContain("cdk_nomad_pool");
  expect(said.text).toContain('cdk_nomad_pool_free{pool="warm-pool-openai"} 2');
  // Whose containers and commands they are stands in none of the figures.
  expect(said.text).not.toMatch(/ann|prometheus/);
});

test("tokens that cannot be read make the service not ready, and its log says once why, without what stands there", async () => {
  let time = 0;
  const source = { name: "tokens", interval: 1, read: () => Promise.resolve("hunter2") };
  const lines: string[] = [];
  const log = { level: "error" as const, stream: { write: (line: string) => void lines.push(line) } };
  const service = await testService({ tokens: new Tokens(source, () => (time += 1)), log });
  for (let count = 0; count < 3; count += 1)
    expect(await service.ask("cnp_a_b", "GET", "/api/pools")).toMatchObject({ status: 503 });
  expect(await service.ask("", "GET", "/readyz")).toMatchObject({ status: 503 });
  const said = lines.filter((line) => line.includes("the tokens: tokens:1 is no JSON"));
  expect([said.length, lines.join("").includes("hunter2")]).toEqual([1, false]);
});
