import fc from "fast-check";
import { Masking } from "../../../lib/masking";
import { setTimeout as sleep } from "node:timers/promises";
import {
  apiPath,
  ConsulClient,
  consulConnection,
  isClosed,
  isSilent,
  isTokenRefused,
  keyPath,
  NomadClient,
  nomadConnection,
  passingTrouble,
} from "../../../lib/nomad";
import { BodyBudget, linesOf, textOf, TooLargeError } from "../../../lib/nomad/body";
import { anyCharacter, visibleCharacter } from "../../support/characters";
import { draws } from "../../support/draws";
import { failure } from "../../support/failure";
import { processorTime } from "../../support/growth";
import { recorded, ReplayServer, type Answers } from "../../support/replay";

let server: ReplayServer;
let nomad: NomadClient;
let consul: ConsulClient;

async function serve(answers: Answers, env: Record<string, string> = {}, silence = 12_000): Promise<void> {
  server = await new ReplayServer(answers).open();
  const [scheme, host] = server.address.split("//") as [string, string];
  const address = env.CREDENTIALS === undefined ? server.address : `${scheme}//${env.CREDENTIALS}@${host}`;
  nomad = new NomadClient({ ...nomadConnection({ NOMAD_ADDR: address, ...env }), silence });
  consul = new ConsulClient({ ...consulConnection({ CONSUL_HTTP_ADDR: address, ...env }), silence });
}

afterEach(async () => {
  await Promise.all([nomad?.close(), consul?.close()]);
  await server?.close();
});

describe("a path", () => {
  const segment = fc.oneof(
    fc.string({ unit: anyCharacter }),
    fc.string(),
    fc.constantFrom(
      "..",
      ".",
      "%2e%2e",
      "a/../b",
      "a\\..\\b",
      "/",
      "//",
      "?",
      "#",
      "a b",
      "..%2f..",
      "\u2028",
      "é",
      "",
    ),
    fc.array(fc.constantFrom("..", ".", "a", "", "acl"), { maxLength: 6 }).map((steps) => steps.join("/")),
  );
  const REFUSED = "refused";

  /** The segments as a server reads them. */
  function stepsOf(make: () => object): readonly string[] | string {
    try {
      const { pathname } = new URL(String(make()), "http://127.0.0.1:8500");
      return pathname.split("/").map(decodeURIComponent);
    } catch (error) {
      if (/empty|resolve|well-formed/.test((error as Error).message)) return REFUSED;
      throw error;
    }
  }

  test.each(["web", "load/dispatch-1700000001-a0000001", "a b", "50%", "%2e%2e", "é", "a?b#c", "..."])(
    "takes a name that is only unusual: %s",
    (name) => {
      expect(stepsOf(() => apiPath`/v1/job/${name}`)).toEqual(["", "v1", "job", name]);
    },
  );

  test("of an endpoint has the segments that were put into it, or is refused", () => {
    fc.assert(
      fc.property(segment, (value) => {
        const steps = stepsOf(() => apiPath`/v1/job/${value}/plan`);
        expect([["", "v1", "job", value, "plan"], REFUSED]).toContainEqual(steps);
      }),
      { numRuns: draws(200) },
    );
  });

  test("of a key has its steps, or is refused", () => {
    fc.assert(
      fc.property(segment, (key) => {
        expect([["", "v1", "kv", ...key.split("/")], REFUSED]).toContainEqual(stepsOf(() => keyPath(key)));
      }),
      { numRuns: draws(200) },
    );
  });

  test("of a key with steps upwards asks nobody for anything", async () => {
    await serve({});
    for (const ask of [
      () => consul.values("../acl/"),
      () => consul.configEntry("service-defaults", ".."),
      () => nomad.job("../acl/policies"),
      () => nomad.deregister(".."),
    ])
      await expect(failure(ask())).resolves.toMatchObject({ message: expect.stringMatching(/has a step/) });
    expect(server.asked).toEqual([]);
  });

  test("is not needed for a key with steps upwards: it is changed as data, at its index", async () => {
    const stale = { Results: null, Errors: [{ OpIndex: 0, What: 'failed to delete key "app/../x", index is stale' }] };
    await serve({ "PUT /v1/txn": [{ body: { Results: [], Errors: null } }, { status: 409, body: stale }] });
    const key = "app/../../../acl/policy/11111111-1111-4111-8111-111111111111";
    expect([await consul.deleteKey(key, 7), await consul.setValue("a//b", "x", 0)]).toEqual([true, false]);
    expect(server.asked.map(({ method, path, body }) => [method, path, body])).toEqual([
      ["PUT", "/v1/txn", [{ KV: { Verb: "delete-cas", Key: key, Index: 7 } }]],
      ["PUT", "/v1/txn", [{ KV: { Verb: "cas", Key: "a//b", Value: "eA==", Index: 0 } }]],
    ]);
  });
});

describe("credentials in an address", () => {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;

  test.each([
    [{ CREDENTIALS: "ann:pl%40nted" }, "ann:pl@nted"],
    [{ NOMAD_HTTP_AUTH: "ann:planted", CONSUL_HTTP_AUTH: "ann:planted" }, "ann:planted"],
    [{ NOMAD_HTTP_AUTH: "ann", CONSUL_HTTP_AUTH: "ann" }, "ann:"],
    [{ CREDENTIALS: "in:address", NOMAD_HTTP_AUTH: "not:this", CONSUL_HTTP_AUTH: "not:this" }, "in:address"],
  ])("are sent as basic authentication: %j", async (env, expected) => {
    await serve({ "GET /v1/jobs": { body: [] }, "GET /v1/catalog/services": { body: {} } }, env);
    await nomad.jobs();
    await consul.services();
    expect(server.asked.map(({ headers }) => headers.authorization)).toEqual([basic(expected), basic(expected)]);
  });

  test("stand in no message", async () => {
    const answers: Answers = {
      "GET /v1/nodes": { status: 403, body: "Permission denied" },
      "GET /v1/regions": { status: 500, body: "broken" },
      "GET /v1/allocations": "hang",
      "GET /v1/job/web": { body: "<html>" },
    };
    await serve(answers, { CREDENTIALS: "ann:planted" }, 300);
    const asked = [nomad.nodes(), nomad.regions(), nomad.allAllocations(), nomad.job("web")].map(failure);
    const gone = new NomadClient(nomadConnection({ NOMAD_ADDR: "http://ann:planted@127.0.0.1:9" }));
    const errors = await Promise.all([...asked, failure(gone.jobs())]);
    await gone.close();
    const wrong = (() => {
      try {
        return nomadConnection({ NOMAD_ADDR: "http://ann:planted@host:not-a-port" }).address;
      } catch (error) {
        return (error as Error).message;
      }
    })();
    for (const text of [...errors.map((error) => error?.message ?? "answered"), wrong, nomad.address]) {
      expect(text).not.toMatch(/planted|ann|answered$/);
      expect(text).not.toBe("");
    }
  });
});

test("of a token that a server repeats where its answer is cut, no message that is masked has a part", async () => {
  const token = "Zebra-Quilt-Marmalade-77";
  for (const [status, most] of [
    [404, 200],
    [404, 4000],
    [403, 2000],
    [500, 4000],
    [503, 200],
  ] as const) {
    for (const kept of [4, 9, token.length - 1]) {
      await serve(
        { "GET /v1/jobs": { status, body: `${"x".repeat(most - kept - 1)} ${token} and more` } },
        { NOMAD_TOKEN: token },
      );
      const error = await failure(nomad.jobs());
      const said = new Masking([token]).text([error?.message, passingTrouble(error)].join(" "));
      expect(said).not.toMatch(/Zebr|Quilt/);
      await Promise.all([nomad.close(), consul.close(), server.close()]);
    }
  }
});

describe("silence", () => {
  test.each([
    ["Nomad", () => nomad.jobs()],
    ["Consul", () => consul.services()],
  ])("of %s ends a request, with its name and its address", async (name, ask) => {
    await serve({ "GET /v1/jobs": "hang", "GET /v1/catalog/services": "hang" }, {}, 400);
    const error = await failure(ask());
    expect([isSilent(error), error?.message]).toEqual([
      true,
      expect.stringContaining(`${name} at ${server.address} said nothing`),
    ]);
    expect(server.asked).toHaveLength(1);
  });

  test("in the middle of an answer ends it too", async () => {
    await serve({ "GET /v1/jobs": { stall: { body: [{ ID: "web" }] } } }, {}, 400);
    expect(isSilent(await failure(nomad.jobs()))).toBe(true);
  });

  test("after a change leaves open whether it was made", async () => {
    await serve({ "PUT /v1/jobs": "hang" }, {}, 400);
    expect((await failure(nomad.register({ ID: "web" })))?.message).toMatch(/is not known/);
  });

  test("is borne as long as a blocking query waits", async () => {
    const slow = async () => {
      await sleep(900);
      return { body: [], headers: { "X-Nomad-Index": "7" } };
    };
    await serve({ "GET /v1/jobs": slow }, {}, 300);
    expect(await nomad.http.waitFor(apiPath`/v1/jobs`, { seconds: 2 })).toBe(7);
  });

  test.each([
    ["the same", () => 7, 1, 12],
    ["ever lower", (count: number) => 1000 - count, 1, 12],
    ["none", () => undefined, 1, 12],
    ["newer each time", (count: number) => 7 + count, 50, Infinity],
  ])("of a blocking query that is answered at once, with an index that is %s", async (_name, indexOf, least, most) => {
    let count = 0;
    const answer = async () => {
      const index = indexOf((count += 1));
      const headers: Record<string, string> = index === undefined ? {} : { "X-Nomad-Index": String(index) };
      return { body: [], headers };
    };
    await serve({ "GET /v1/jobs": answer });
    for (let [index, end] = [7, performance.now() + 1000]; performance.now() < end;)
      index = await nomad.http.waitFor(apiPath`/v1/jobs`, { index, seconds: 60 });
    expect(count).toBeGreaterThanOrEqual(least);
    expect(count).toBeLessThanOrEqual(most);
  });

  test("of allocations that change all the time, which are not asked for without a pause", async () => {
    let count = 0;
    await serve({
      "GET /v1/job/web/allocations": () => ({ body: [], headers: { "X-Nomad-Index": String(7 + (count += 1)) } }),
    });
    for (let [index, end] = [7, performance.now() + 1000]; performance.now() < end;)
      index = (await nomad.watchAllocations("web", { index, seconds: 60 })).index;
    expect(count).toBeGreaterThanOrEqual(3);
    expect(count).toBeLessThanOrEqual(25);
  });

  test.each([
    ["a hanging server", "hang" as const],
    ["a pause between tries", { status: 503, body: "busy" }],
  ])("is ended by a signal at once: %s", async (_name, answer) => {
    await serve({ "GET /v1/jobs": answer });
    const ends = new AbortController();
    const asking = failure(nomad.http.waitFor(apiPath`/v1/jobs`, { seconds: 1, signal: ends.signal }));
    await sleep(50);
    ends.abort(new Error("enough"));
    expect(await asking).toBeDefined();
  });
});

describe("answers", () => {
  test("that are cut are asked for again, and changes never", async () => {
    await serve({ "GET /v1/jobs": ["reset", { body: [] }], "PUT /v1/jobs": "reset" });
    expect(await nomad.jobs()).toEqual([]);
    const error = await failure(nomad.register({ ID: "web" }));
    expect([server.count("GET /v1/jobs"), server.count("PUT /v1/jobs")]).toEqual([2, 1]);
    expect(error?.message).toMatch(/Nomad does not answer at .*is not known/);
  });

  test("that never came before the client was closed are told apart", async () => {
    await serve({ "GET /v1/jobs": "hang" });
    const asking = failure(nomad.jobs());
    await sleep(50);
    await nomad.close();
    const errors = [await asking, await failure(nomad.jobs())];
    expect(errors.map((error) => [isClosed(error), passingTrouble(error)])).toEqual([
      [true, undefined],
      [true, undefined],
    ]);
  });

  test.each(["wants-token", "unknown-token", "malformed-token"])(
    "of a Nomad that refuses the token say so, whatever the status: %s",
    async (name) => {
      const { nomad: answers } = recorded(name);
      await serve(answers);
      const id = Object.keys(answers).flatMap((key) => /fs\/logs\/([^?]+)/.exec(key)?.[1] ?? [])[0] ?? "";
      const read = async () => {
        for await (const chunk of nomad.logs(id, "main", { stream: "stdout" })) expect(chunk).toBeUndefined();
      };
      for (const ask of [() => nomad.job("web"), () => nomad.nodes(), () => nomad.allocationChecks(id), read])
        expect(isTokenRefused(await failure(ask()))).toBe(true);
    },
  );

  test("of which Consul left out what the token may not read are none", async () => {
    const headers = { "X-Consul-Results-Filtered-By-ACLs": "true" };
    await serve({ "GET /v1/kv/app/": { status: 404, headers } });
    expect(isTokenRefused(await failure(consul.values("app/")))).toBe(true);
    expect(isTokenRefused(await failure(consul.keys("app/")))).toBe(true);
  });

  test("of a server without a leader say that there is none", async () => {
    await serve(recorded("no-leader").nomad);
    expect(await nomad.leader()).toBeUndefined();
    expect(passingTrouble(await failure(nomad.jobs()))).toMatch(/No cluster leader/);
  });

  test.each(["refused", "promotion-refused"])("that refuse are not asked for again: %s", async (name) => {
    const { nomad: answers } = recorded(name);
    await serve(answers);
    const refusals = Object.entries(answers).flatMap(([endpoint, answer]) =>
      typeof answer === "object" && "status" in answer && (answer.status ?? 200) >= 500 ? [endpoint] : [],
    );
    expect(refusals.length).toBeGreaterThan(2);
    for (const endpoint of refusals) {
      const answer = answers[endpoint] ?? "hang";
      server.set({ "GET /v1/jobs": answer });
      expect([endpoint, passingTrouble(await failure(nomad.jobs()))]).toEqual([endpoint, undefined]);
    }
  });
});

describe("a body", () => {
  const MB = 1024 * 1024;
  async function* chunks(size: number, total: number) {
    const chunk = Buffer.alloc(size, "x");
    for (let sent = 0; sent < total; sent += size) yield chunk;
    yield Buffer.from("\nshort\n");
  }
  async function all(lines: AsyncIterable<string | undefined>) {
    const found: (number | undefined)[] = [];
    for await (const line of lines) found.push(line?.length);
    return found;
  }

  test("of one line of 64 MB is read as fast as its bytes come, and left out where it is longer than it may be", async () => {
    const took = await processorTime(async () => {
      expect(await all(linesOf(chunks(16 * 1024, 64 * MB), 64 * MB))).toEqual([64 * MB, 5]);
      expect(await all(linesOf(chunks(16 * 1024, 64 * MB), 32 * MB))).toEqual([undefined, 5]);
    });
    // Looking at every byte for each chunk anew takes minutes.
    expect(took).toBeLessThan(10_000);
  });

  test("is given up where it is too large", async () => {
    await expect(textOf(chunks(MB, 8 * MB), 4 * MB)).rejects.toThrow(TooLargeError);
    // So is what bodies have together that are read at once; one that was read counts no more.
    const budget = new BodyBudget(10 * MB);
    const read = () => textOf(budget.counted(chunks(MB, 8 * MB)), 16 * MB);
    expect((await read()).length).toBe((await read()).length);
    const both = await Promise.allSettled([read(), read()]);
    expect(both.map(({ status }) => status)).toContain("rejected");
    expect((await read()).length).toBeGreaterThan(7 * MB);
  });

  test("has the same lines, however it is cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: visibleCharacter })),
        fc.integer({ min: 1, max: 7 }),
        async (texts, size) => {
          const lines = texts.map((text) => text.replaceAll("\n", "")).filter((text) => text !== "");
          const bytes = Buffer.from(lines.join("\n"));
          async function* cut() {
            for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
          }
          const found: (string | undefined)[] = [];
          for await (const line of linesOf(cut(), MB)) found.push(line);
          expect(found).toEqual(lines);
        },
      ),
    );
  });
});
