import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { ServiceClient, serviceConnection, ServiceRefusal } from "../../../lib/service";

describe("where the service is, and who asks", () => {
  const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-client-"));
  const file = join(folder, "token");
  writeFileSync(file, "cnp_a_b\n");
  afterAll(() => rmSync(folder, { recursive: true }));

  test("comes from the environment, the token by itself or in a file", () => {
    expect(serviceConnection({})).toEqual({ address: "http://127.0.0.1:8790", token: undefined });
    expect(serviceConnection({ POOL_SERVICE_ADDR: "http://a:1/", POOL_SERVICE_TOKEN_FILE: file })).toEqual({
      address: "http://a:1",
      token: "cnp_a_b",
    });
    expect(serviceConnection({ POOL_SERVICE_TOKEN: "t", POOL_SERVICE_TOKEN_FILE: file }).token).toBe("t");
  });

  test("is said to be wrong by the variable's name", () => {
    expect(() => serviceConnection({ POOL_SERVICE_TOKEN_FILE: join(folder, "none") })).toThrow(
      /POOL_SERVICE_TOKEN_FILE: .*none cannot be read \(ENOENT\)/,
    );
    expect(() => serviceConnection({ POOL_SERVICE_ADDR: "a" })).toThrow("POOL_SERVICE_ADDR: is no address");
  });
});

describe("whatever answers at the service's address", () => {
  let server: Server;
  let answer: { status: number; body: string } = { status: 200, body: "" };
  beforeAll(async () => {
    server = createServer((request, response) => {
      request.resume();
      response.writeHead(answer.status).end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterAll(() => server.close());

  const held = { id: "c", generation: 1 };
  const never = new AbortController().signal;
  const calls: Readonly<Record<string, (client: ServiceClient) => Promise<unknown>>> = {
    claim: (client) => client.claim({ pool: "p" }),
    container: (client) => client.container("c"),
    release: (client) => client.release(held),
    drain: (client) => client.drain("p"),
    fill: (client) => client.fill("p"),
    recycle: (client) => client.recycle("p"),
    execute: async (client) => {
      for await (const event of client.execute(held, { command: "id" }, never)) expect(event.type).toBe("stdout");
    },
  };
  const ask = async (call: string, body: string, status = 200) => {
    answer = { status, body };
    const { port } = server.address() as AddressInfo;
    return (calls[call] as (client: ServiceClient) => Promise<unknown>)(
      new ServiceClient({ address: `http://127.0.0.1:${port}`, token: undefined }),
    ).catch((error: unknown) => error as Error);
  };
  const container = { id: "c", pool: "p", owner: "o", generation: 1, ttl: 1, isolation: "none" };

  test.each(Object.keys(calls))("%s takes nothing for an answer that is none", async (call) => {
    for (const body of [
      "<html>login</html>",
      '{"status":"UP"}',
      "[]",
      "null",
      '"x"',
      "7",
      JSON.stringify({ ...container, generation: "1", pool: ["p"] }),
      JSON.stringify({ ...container, generation: 1.5, pool: null }),
      JSON.stringify({ pool: 1, leased: 1, replaced: 1 }),
      '{"type":"exit"}\n',
      '{"type":"stdout","data":7}\n',
      '{"type":"news"}\n',
      `{"type":"error","problem":{"code":"internal"}}\n`,
    ]) {
      const said = await ask(call, body);
      expect([body, said instanceof Error && said.name]).toEqual([body, "UserError"]);
      expect((said as Error).message).not.toContain("login");
    }
  });

  test("a refusal is one with all that a refusal has, also with a code that is not known here", async () => {
    const problem = { type: "t", title: "T", status: 429, code: "of-tomorrow", detail: "d", retryAfter: 2 };
    const said = await ask("claim", JSON.stringify(problem), 429);
    expect(said).toBeInstanceOf(ServiceRefusal);
    expect((said as ServiceRefusal).problem).toMatchObject({ code: "of-tomorrow", retryAfter: 2 });
    for (const body of [
      "",
      "{}",
      JSON.stringify({ ...problem, retryAfter: "x" }),
      JSON.stringify({ code: "x", title: "y" }),
    ])
      expect(((await ask("claim", body, 429)) as Error).name).toBe("UserError");
  });

  test("what is as it should be is taken, with whatever a newer service adds", async () => {
    expect(await ask("claim", JSON.stringify({ ...container, more: 1 }))).toEqual(container);
    expect(await ask("release", "", 204)).toBeUndefined();
    expect(await ask("execute", '{"type":"news","of":"tomorrow"}\n{"type":"stdout","data":"x"}\n')).toMatchObject({
      message: expect.stringContaining("went away") as string,
    });
    expect(await ask("drain", '{"pool":"p","leased":2}')).toEqual({ pool: "p", leased: 2 });
  });
});
