import { ManagersBehindError, RuntimeFailedError } from "../../../lib/pools";
import type { ColdRun, ContainerLease } from "../../../lib/service";
import { testService, type TestService } from "../../support/service";

const OPENAI = { pool: "warm-pool-openai" };

async function claimed(service: TestService, token: string) {
  const { status, body } = await service.ask(token, "POST", "/api/containers", OPENAI);
  expect(status).toBe(201);
  return { url: `/api/containers/${String(body.id)}`, id: String(body.id), generation: Number(body.generation) };
}

describe("containers", () => {
  test("are claimed, used with their generation, and released", async () => {
    const service = await testService();
    const token = service.token("ann", "claim", "execute", "read");
    const { url, id, generation } = await claimed(service, token);
    const run = await service.ask(token, "POST", `${url}/execute`, { command: "echo hi", generation });
    expect([run.status, run.body]).toEqual([
      200,
      {
        exitCode: 0,
        ended: "exited",
        stdout: "echo hi\n",
        stderr: "",
        truncated: false,
        duration: 1,
        isolation: "container",
      },
    ]);
    const listed = await service.ask(token, "GET", "/api/containers");
    expect(listed.body).toEqual({
      containers: [expect.objectContaining({ id, owner: "ann", generation, ttl: 60000 })],
    });
    const renewed = await service.ask(token, "POST", `${url}/renew`, {}, { "lease-generation": String(generation) });
    expect(renewed.status).toBe(200);
    // A call renews the lease too.
    expect(service.pools.renewed).toEqual([id, id]);
    const released = await service.ask(token, "DELETE", url, undefined, { "lease-generation": String(generation) });
    expect([released.status, released.text]).toEqual([204, ""]);
    expect(service.pools.leases.size).toBe(0);
  });

  test("a service that was started since takes every call of the one before", async () => {
    const first = await testService();
    const token = first.token("ann", "claim", "execute", "read");
    const { url, generation } = await claimed(first, token);
    const second = await testService({ pools: first.pools });
    const other = second.token("ann", "claim", "execute", "read");
    expect(await second.ask(other, "POST", `${url}/execute`, { command: "id", generation })).toMatchObject({
      status: 200,
    });
    expect(await second.ask(other, "DELETE", url, undefined, { "lease-generation": String(generation) })).toMatchObject(
      {
        status: 204,
      },
    );
  });

  test("a stale generation is refused with a code, wherever it is presented, and nothing is run", async () => {
    const service = await testService();
    const token = service.token("ann", "claim", "execute");
    const { url, generation } = await claimed(service, token);
    const stale = { "lease-generation": String(generation - 1) };
    for (const [method, path, body] of [
      ["POST", `${url}/execute`, { command: "id" }],
      ["POST", `${url}/renew`, {}],
      ["DELETE", url, undefined],
    ] as const)
      expect(await service.ask(token, method, path, body, stale)).toMatchObject({
        status: 409,
        body: { code: "lease-stale" },
      });
    const inBody = await service.ask(token, "POST", `${url}/execute`, { command: "id", generation: generation + 1 });
    expect(inBody).toMatchObject({ status: 409, body: { code: "lease-stale" } });
    const two = await service.ask(token, "POST", `${url}/execute`, { command: "id", generation }, stale);
    expect(two).toMatchObject({ status: 400, body: { code: "bad-request" } });
    expect(service.pools.ran).toEqual([]);
  });

  test("without a generation nothing is done, and it is said what to send", async () => {
    const service = await testService();
    const token = service.token("ann", "claim", "execute");
    const { url } = await claimed(service, token);
    expect(await service.ask(token, "DELETE", url)).toMatchObject({
      status: 428,
      body: { code: "generation-required" },
    });
    expect(await service.ask(token, "DELETE", url, undefined, { "lease-generation": "7; drop" })).toMatchObject({
      status: 400,
    });
  });

  test("somebody else's container is as one that is not there, whatever generation is presented", async () => {
    const service = await testService();
    const { url, generation } = await claimed(service, service.token("ann", "claim"));
    const eve = service.token("eve", "claim", "execute", "read");
    for (const [method, path, body] of [
      ["POST", "/execute", { command: "id" }],
      ["POST", "/execute", { command: 7 }],
      ["POST", "/renew", {}],
      ["DELETE", "", undefined],
      ["GET", "", undefined],
    ] as const)
      for (const presented of [generation, generation - 1, generation + 1, undefined]) {
        const headers: Record<string, string> =
          presented === undefined ? {} : { "lease-generation": String(presented) };
        const said = async (container: string) => {
          const { status, text } = await service.ask(eve, method, container + path, body, headers);
          return { status, text };
        };
        expect(await said(url)).toEqual(await said("/api/containers/nothing"));
      }
    const run = await service.ask(eve, "POST", `${url}/execute`, { command: "id", generation });
    expect(run).toMatchObject({ status: 404, body: { code: "container-unknown" } });
    expect((await service.ask(eve, "GET", "/api/containers")).body).toEqual({ containers: [] });
    const root = service.token("root", "claim", "read", "execute", "any-owner");
    expect(await service.ask(root, "POST", `${url}/execute`, { command: "id", generation })).toMatchObject({
      status: 200,
    });
  });

  test("every owner's are listed for the scope any-owner alone", async () => {
    const service = await testService();
    await claimed(service, service.token("ann", "claim"));
    const own = service.token("bob", "read");
    expect(await service.ask(own, "GET", "/api/containers?all=true")).toMatchObject({
      status: 403,
      body: { code: "other-owner" },
    });
    const every = await service.ask(service.token("bob", "read", "any-owner"), "GET", "/api/containers?all=true");
    expect(every.body.containers).toHaveLength(1);
  });

  test("a lease is renewed without a body, and a body that is missing is told by what it lacks", async () => {
    const service = await testService();
    const token = service.token("ann", "claim");
    const { id, generation } = await claimed(service, token);
    const renewed = await service.ask(token, "POST", `/api/containers/${id}/renew`, undefined, {
      "lease-generation": String(generation),
    });
    expect(renewed).toMatchObject({ status: 200, body: { id } });
    expect((await service.ask(token, "POST", "/api/containers")).body.detail).toContain("'pool'");
  });

  test("a drain that some managers have not seen: how many, and not which", async () => {
    const service = await testService();
    service.pools.drain = () =>
      Promise.reject(
        new ManagersBehindError("warm-pool-openai", ["node7-1a", "node8-2b"], "that it is drained", 10_000),
      );
    const said = await service.ask(service.token("ops", "admin"), "POST", "/api/pools/warm-pool-openai/drain");
    expect(said).toMatchObject({ status: 503, body: { code: "managers-behind", retryAfter: 2 } });
    expect(said.text).toContain("2 of the pool's managers");
    expect(said.text).not.toContain("node7");
  });

  test("a pool that is drained, full or unknown", async () => {
    const service = await testService();
    const token = service.token("ann", "claim", "admin", "read");
    await claimed(service, token);
    expect(await service.ask(token, "POST", "/api/pools/warm-pool-openai/drain")).toMatchObject({
      status: 200,
      body: { pool: "warm-pool-openai", leased: 1 },
    });
    const busy = await service.ask(token, "POST", "/api/containers", OPENAI);
    expect(busy).toMatchObject({ status: 429, body: { code: "pool-busy", retryAfter: 2 } });
    expect(busy.headers["retry-after"]).toBe("2");
    expect(await service.ask(token, "POST", "/api/containers", { pool: "nothing" })).toMatchObject({
      status: 404,
      body: {
        code: "pool-unknown",
        detail: "write one of warm-pool-openai, warm-pool-google",
      },
    });
    expect((await service.ask(token, "GET", "/api/pools")).body).toMatchObject({
      pools: [{ leased: 1, draining: true }],
    });
    expect(await service.ask(token, "POST", "/api/pools/warm-pool-openai/fill")).toMatchObject({
      status: 200,
      body: { pool: "warm-pool-openai" },
    });
    expect((await service.ask(token, "POST", "/api/containers", OPENAI)).status).toBe(201);
    expect(await service.ask(token, "POST", "/api/pools/warm-pool-openai/recycle")).toMatchObject({
      body: { pool: "warm-pool-openai", replaced: service.pools.free.length },
    });
  });
});

describe("a command for a user", () => {
  const asked = { userId: "ann", provider: "openai", command: "echo hi", credentials: { OPENAI_API_KEY: "k" } };

  test("is run in a container of the pool, which is released", async () => {
    const service = await testService();
    const free = [...service.pools.free];
    const said = await service.ask(service.token("ann", "execute"), "POST", "/api/execute", asked);
    expect(said).toMatchObject({
      status: 200,
      body: { success: true, warm: true, containerId: free[0], stdout: "echo hi\n" },
    });
    expect(service.pools.ran[0]?.options).toMatchObject({ secrets: { OPENAI_API_KEY: "k" } });
    expect(service.pools.leases.size).toBe(0);
  });

  test("is run in a job of its own where none is free, and the answer says so", async () => {
    const service = await testService();
    service.pools.free = [];
    service.pools.command = () => Promise.resolve({ exitCode: 3 });
    const said = await service.ask(service.token("ann", "execute"), "POST", "/api/execute", asked);
    expect(said).toMatchObject({
      status: 200,
      body: { success: false, warm: false, containerId: "runtime-openai-1", exitCode: 3 },
    });
    expect(service.pools.cold).toMatchObject([{ owner: "ann", provider: "openai", secrets: { OPENAI_API_KEY: "k" } }]);
  });

  test("is refused at once where as many jobs run as may", async () => {
    const service = await testService({ limits: { jobs: 0 } });
    service.pools.free = [];
    const token = service.token("ann", "execute", "read");
    const said = await service.ask(token, "POST", "/api/execute", asked);
    expect(said).toMatchObject({ status: 429, body: { code: "pool-busy" } });
    expect(said.headers["retry-after"]).toBe("2");
    const { text } = await service.ask(token, "GET", "/metrics");
    expect(text).toContain('cdk_nomad_pool_claims_total{pool="warm-pool-openai",outcome="busy"} 1');
  });

  test("of a drained pool is run in a job of its own, and is refused at once beyond those", async () => {
    const service = await testService({ limits: { jobs: 1 } });
    service.pools.drained = true;
    const token = service.token("ann", "execute");
    const ended: (() => void)[] = [];
    service.pools.command = () => new Promise((resolve) => ended.push(() => resolve({})));
    const first = service.ask(token, "POST", "/api/execute", asked);
    while (ended.length < 1) await new Promise(setImmediate);
    const second = await service.ask(token, "POST", "/api/execute", asked);
    expect(second).toMatchObject({ status: 429, body: { code: "pool-busy" }, headers: { "retry-after": "2" } });
    ended[0]?.();
    expect(await first).toMatchObject({ status: 200, body: { warm: false } });
    service.pools.command = () => Promise.resolve({});
    expect(await service.ask(token, "POST", "/api/execute", asked)).toMatchObject({ status: 200 });
  });

  test.each([
    ["warm", true],
    ["cold", false],
  ])("its output is streamed to the client that wants it so: %s", async (_, warm) => {
    const service = await testService();
    if (!warm) service.pools.free = [];
    service.pools.command = async ({ onStdout }) => {
      await onStdout?.(Buffer.from("a piece"));
      return { exitCode: 3 };
    };
    const token = service.token("ann", "execute");
    const headers = { accept: "application/x-ndjson" };
    const { text } = await service.ask(token, "POST", "/api/execute", asked, headers);
    const events = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    expect(events).toMatchObject([
      { type: "stdout", data: "a piece" },
      { type: "exit", exitCode: 3, warm, containerId: expect.any(String) as string },
    ]);
    expect(service.pools.leases.size).toBe(0);
  });

  test("what a job of its own waits for is told before its command runs, once, and why it did not start at the end", async () => {
    const service = await testService();
    service.pools.free = [];
    service.pools.command = (options) => {
      const { onProgress, startTimeout, jobId } = { jobId: "runtime-1", ...(options as Partial<ColdRun>) };
      expect(startTimeout).toBe(2000);
      for (const what of ["placement", "placement"] as const) onProgress?.(what);
      return Promise.reject(new RuntimeFailedError(jobId, "placement", "memory is exhausted on node-7", "no place"));
    };
    const token = service.token("ann", "execute");
    const body = { ...asked, startTimeout: 2000 };
    const streamed = await service.ask(token, "POST", "/api/execute", body, { accept: "application/x-ndjson" });
    const events = streamed.text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    expect(events).toEqual([
      { type: "progress", message: expect.stringMatching(/^no node takes the job just now/) },
      { type: "error", problem: expect.objectContaining({ code: "place-lost" }) },
    ]);
    const whole = await service.ask(token, "POST", "/api/execute", body);
    expect(whole).toMatchObject({
      status: 502,
      body: { code: "place-lost", detail: expect.stringMatching(/^no node took the job.*; nothing was run/) },
    });
    expect(streamed.text + whole.text).not.toContain("node-7");
  });

  test("a token acts for its own owner, and for others with the scope", async () => {
    const service = await testService();
    const eve = await service.ask(service.token("eve", "execute"), "POST", "/api/execute", asked);
    expect(eve).toMatchObject({ status: 403, body: { code: "other-owner" } });
    const root = await service.ask(service.token("root", "execute", "any-owner"), "POST", "/api/execute", asked);
    expect(root).toMatchObject({ status: 200 });
  });
});

describe("what is sent", () => {
  test.each([
    ["no body", undefined, 400],
    ["a list", [], 400],
    ["an unknown property", { ...OPENAI, root: true }, 400],
    ["a number for a text", { pool: 7 }, 400],
    ["half a ttl", { ...OPENAI, ttl: 5000.5 }, 400],
    ["an endless ttl", { ...OPENAI, ttl: 1e12 }, 400],
  ])("%s is refused, and said what is wrong", async (_, body, status) => {
    const service = await testService();
    const said = await service.ask(service.token("ann", "claim"), "POST", "/api/containers", body);
    expect(said).toMatchObject({
      status,
      body: { code: "bad-request", type: "urn:cdk-nomad:problem:bad-request", status },
    });
    expect(said.headers["content-type"]).toBe("application/problem+json");
  });

  test("a body that is too large, no JSON, or of another type", async () => {
    const service = await testService({ limits: { body: 1000 } });
    const authorization = `Bearer ${service.token("ann", "claim")}`;
    const send = async (payload: string, type: string) =>
      (
        await service.app.inject({
          method: "POST",
          url: "/api/containers",
          headers: { authorization, "content-type": type },
          payload,
        })
      ).json<{ code: string }>().code;
    expect(await send("x".repeat(2000), "application/json")).toBe("body-too-large");
    expect(await send("{", "application/json")).toBe("bad-request");
    expect(await send('{"__proto__":{"a":1}}', "application/json")).toBe("bad-request");
    expect(await send('{"pool":"x"}', "text/plain")).toBe("media-type");
  });

  test("hostile ids, owners and commands are data", async () => {
    const service = await testService();
    const hostile = ["; rm -rf /", "$(id)", "../../v1/jobs", "a\nb", "%00", "é\u202e", "x".repeat(128), "__proto__"];
    for (const text of hostile) {
      const token = service.token(text, "claim", "execute", "read");
      service.pools.free.push(text);
      const free = service.pools.free.shift();
      service.pools.free = [text];
      const made = await service.ask(token, "POST", "/api/containers", OPENAI);
      expect(made).toMatchObject({ status: 201, body: { id: text, owner: text } });
      expect(free).toBeDefined();
      const url = `/api/containers/${encodeURIComponent(text)}`;
      expect(made.headers.location).toBe(url);
      const run = await service.ask(token, "POST", `${url}/execute`, {
        command: text,
        generation: made.body.generation,
      });
      expect(run).toMatchObject({ status: 200, body: { stdout: `${text}\n` } });
    }
    const none = await service.ask(
      service.token("ann", "claim"),
      "DELETE",
      "/api/containers/..%2f..%2fv1%2fjobs",
      undefined,
      {
        "lease-generation": "1",
      },
    );
    expect(none).toMatchObject({ status: 404, body: { code: "container-unknown" } });
  });

  test("names that no variable has, and NULs, are refused", async () => {
    const service = await testService();
    const token = service.token("ann", "execute");
    const send = (more: object) =>
      service.ask(token, "POST", "/api/execute", { userId: "ann", provider: "openai", command: "id", ...more });
    for (const more of [
      { env: { "A B": "c" } },
      { env: { A: "x\0y" } },
      { credentials: { "": "c" } },
      { command: "a\0b" },
    ])
      expect(await send(more)).toMatchObject({ status: 400, body: { code: "bad-request" } });
    expect(await send({ provider: "other" })).toMatchObject({ status: 400, body: { code: "bad-request" } });
  });
});

describe("faults", () => {
  const leased: ContainerLease["lease"] = {
    pool: "warm-pool-openai",
    slot: "s",
    owner: "ann",
    generation: 1,
    ttl: 1,
    claim: "c",
  };

  test("what the service cannot explain is a problem without a word of what was sent or said", async () => {
    const service = await testService();
    service.pools.command = () => Promise.reject(new Error("hunter2 of http://10.0.0.1"));
    const token = service.token("ann", "claim", "execute");
    const { url, generation } = await claimed(service, token);
    const said = await service.ask(token, "POST", `${url}/execute`, { command: "echo hunter2", generation });
    expect(said).toMatchObject({ status: 500, body: { code: "internal" } });
    expect(said.text).not.toMatch(/hunter2|10\.0\.0\.1/);
    expect(said.headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
    expect(leased.slot).toBe("s");
  });
});
