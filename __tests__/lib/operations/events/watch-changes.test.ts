import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../../../lib/errors";
import { NoAnswerError } from "../../../../lib/errors";
import { ApiError, NomadClient, nomadConnection } from "../../../../lib/nomad";
import { watchChanges } from "../../../../lib/operations/events/watch-changes";
import { withRetries } from "../../../../lib/operations/events";
import { QUIET_STREAM, recorded, ReplayServer, type Answer, type Answers } from "../../../support/replay";

const QUICK = { silence: 1500, askAgain: 60_000, askAgainBlind: 60_000, pause: 10, longestPause: 20, wait: 60_000 };
const STREAM = "GET /v1/event/stream";
const started = (job: string, index = 5) =>
  `${JSON.stringify({ Index: index, Events: [{ Topic: "Allocation", Payload: { Allocation: { JobID: job } } }] })}\n`;

let server: ReplayServer;
let nomad: NomadClient;
let troubles: string[];

async function follow(answers: Answers, timing: Partial<typeof QUICK> = {}) {
  server = await new ReplayServer(answers).open();
  nomad = new NomadClient(nomadConnection({ NOMAD_ADDR: server.address }));
  troubles = [];
  return watchChanges(nomad, { onTrouble: (text) => troubles.push(text) }, { ...QUICK, ...timing });
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries += 1) {
    if (tries > 500) throw new Error("it did not happen");
    await sleep(10);
  }
}

afterEach(async () => {
  await nomad?.close();
  await server?.close();
});

describe("the stream of events", () => {
  test("wakes those who wait for the job that changed, and nobody else", async () => {
    const changes = await follow({ [STREAM]: { stream: [{ text: "{}\n" }, { after: 300, text: started("web") }] } });
    const other = new AbortController();
    const woken: string[] = [];
    await changes.next("web");
    const web = changes.next("web").then(() => woken.push("web"));
    const rest = changes.next("other", other.signal).then(
      () => woken.push("other"),
      () => woken.push("other ended"),
    );
    await web;
    other.abort();
    await rest;
    expect(woken).toEqual(["web", "other ended"]);
    changes.close();
  });

  test("tells of a change that came while nobody waited", async () => {
    const changes = await follow({ [STREAM]: { stream: [{ text: "{}\n" }, { text: started("web") }] } });
    await changes.next("other");
    await sleep(100);
    await changes.next("web");
    expect(server.count(STREAM)).toBe(1);
    changes.close();
  });

  test("tells each who watches a job of one id, in two namespaces, what came while they did not wait", async () => {
    const stream = [{ text: "{}\n" }, { after: 300, text: started("web") }];
    const changes = await follow({ [STREAM]: { stream } });
    await changes.next("web", undefined, "here");
    await changes.next("web", undefined, "there");
    // One of them waits while it happens, and the other is busy.
    await changes.next("web", undefined, "here");
    await changes.next("web", undefined, "there");
    expect(server.count(STREAM)).toBe(1);
    changes.close();
  });

  test("that is quiet between heartbeats is left open", async () => {
    const beats = Array.from({ length: 6 }, () => ({ after: 400, text: "{}\n" }));
    const changes = await follow({ [STREAM]: { stream: [{ text: "{}\n" }, ...beats] } }, { silence: 1200 });
    await sleep(2000);
    expect([server.count(STREAM), troubles]).toEqual([1, []]);
    changes.close();
  });

  test("that is silent for three heartbeats is opened again, from where it was", async () => {
    const again: Answer = [{ stream: [{ text: started("web", 7) }] }, QUIET_STREAM];
    const changes = await follow({ [STREAM]: again }, { silence: 300 });
    await until(() => server.count(STREAM) === 2);
    expect(server.asked.map(({ query }) => query.get("index"))).toEqual([null, "7"]);
    expect(troubles).toEqual(["the stream of Nomad's events was cut; opening it again"]);
    changes.close();
  });

  test.each(["close", "reset"] as const)("that ends with %s is opened again, and wakes everybody", async (end) => {
    const changes = await follow({
      [STREAM]: [{ stream: [{ text: "{}\n" }, { after: 100, text: "" }], end }, QUIET_STREAM],
    });
    await changes.next("web");
    await changes.next("web");
    await until(() => server.count(STREAM) === 2);
    expect(troubles).toEqual(["the stream of Nomad's events was cut; opening it again"]);
    changes.close();
  });

  test("that is cut as soon as it is open is asked for ever more seldom, and said once", async () => {
    const cut: Answer = { stream: [{ text: "{}\n" }], end: "close" };
    const changes = await follow({ [STREAM]: cut }, { pause: 20, longestPause: 1000 });
    await sleep(2500);
    // Without a longer pause each time there would be a hundred.
    expect(server.count(STREAM)).toBeLessThan(15);
    expect(server.count(STREAM)).toBeGreaterThan(2);
    expect(troubles).toEqual(["the stream of Nomad's events was cut; opening it again"]);
    changes.close();
  });

  test("that lasted and is cut is opened again at once, and said each time", async () => {
    const lasting: Answer = { stream: [{ text: "{}\n" }, { after: 150, text: "{}\n" }], end: "close" };
    const changes = await follow({ [STREAM]: lasting }, { pause: 10, longestPause: 100 });
    await until(() => server.count(STREAM) === 4);
    expect(troubles).toHaveLength(3);
    changes.close();
  });

  test.each([
    ["a token that may not", { status: 403, body: "Permission denied" }, /the token may not/],
    ["an agent without a stream", { status: 400, body: "event broker is disabled" }, /event broker is disabled/],
    ["streams that end without a word", { stream: [], end: "close" }, /ends before its first heartbeat/],
    ["what is no stream", { body: "<html>" }, /no stream of events/],
  ] as const)("gives way to blocking queries for %s", async (_name, refusal, words) => {
    const changes = await follow({
      [STREAM]: refusal as Answer,
      "GET /v1/regions": { body: ["global"] },
      "GET /v1/allocations": { body: [], headers: { "X-Nomad-Index": "7" } },
      "GET /v1/deployments": "hang",
    });
    await until(() => troubles.length > 0);
    await changes.next("web");
    expect(troubles[0]).toMatch(words);
    expect(troubles).toHaveLength(1);
    changes.close();
  });

  test("as a Nomad with ACLs ends it for a token that may not", async () => {
    const { nomad: answers } = recorded("unknown-token");
    const changes = await follow({ [STREAM]: answers[STREAM] ?? "hang" });
    await until(() => troubles.length > 0);
    expect(troubles[0]).toMatch(/cannot be read/);
    changes.close();
  });

  test("is not asked for any more once the client is closed", async () => {
    const changes = await follow({ [STREAM]: QUIET_STREAM });
    await until(() => server.count(STREAM) === 1);
    await nomad.close();
    await sleep(100);
    expect(server.count(STREAM)).toBe(1);
    changes.close();
    await expect(changes.next("web")).rejects.toThrow(/were closed/);
  });
});

describe("blocking queries", () => {
  const refused = { status: 403, body: "Permission denied" };

  test("ask with the index that they were answered with, and wake everybody", async () => {
    const changes = await follow({
      [STREAM]: refused,
      "GET /v1/allocations": [{ body: [], headers: { "X-Nomad-Index": "7" } }, "hang"],
      "GET /v1/deployments": "hang",
    });
    await until(() => troubles.length > 0);
    await changes.next("web");
    await until(() => server.count("GET /v1/allocations") === 2);
    const queries = server.asked
      .filter(({ path }) => path === "/v1/allocations")
      .map(({ query }) => query.get("index"));
    expect(queries).toEqual([null, "7"]);
    changes.close();
  });

  test("of a server, or a cache, that answers at once and has nothing newer are asked after a pause", async () => {
    const same: Answer = { body: [], headers: { "X-Nomad-Index": "0" } };
    const changes = await follow(
      { [STREAM]: refused, "GET /v1/allocations": same, "GET /v1/deployments": same },
      { pause: 100 },
    );
    await sleep(1_000);
    changes.close();
    const asked = server.count("GET /v1/allocations");
    expect(asked).toBeGreaterThan(1);
    expect(asked).toBeLessThan(25);
  });

  test("end with the client, and a signal ends who waits", async () => {
    const changes = await follow({ [STREAM]: refused, "GET /v1/allocations": "hang", "GET /v1/deployments": "hang" });
    await until(() => troubles.length > 0);
    const reason = new Error("enough");
    const ends = new AbortController();
    const waiting = changes.next("web", ends.signal);
    ends.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    changes.close();
  });
});

describe("retries", () => {
  const answered = (status: number, body: string) => new ApiError("Nomad", "GET", "/v1/job/web", status, body);
  const failing = (error: Error, times: number) => {
    let asked = 0;
    return {
      ask: () => ((asked += 1) <= times ? Promise.reject(error) : Promise.resolve("fine")),
      count: () => asked,
    };
  };

  test.each([
    [answered(500, "No cluster leader"), /^Nomad answers "No cluster leader"; trying again$/],
    [answered(500, "rpc error: failed to get conn: dial tcp 127.0.0.1:4647: connect: connection refused"), /refused/],
    [answered(429, "slow down"), /^Nomad asks for fewer requests/],
    [answered(503, "upstream"), /upstream/],
    [new NoAnswerError("Consul", "absent", "Consul does not answer"), /^Consul does not answer/],
  ])("asks again after what passes: %#", async (error, words) => {
    const told: string[] = [];
    const { ask, count } = failing(error, 1);
    expect(await withRetries(ask, { onTrouble: (text) => told.push(text) })).toBe("fine");
    expect([count(), told]).toEqual([2, [expect.stringMatching(words)]]);
  });

  test.each([
    [answered(500, "rpc error: Permission denied")],
    [answered(500, "rpc error: rpc error: invalid payload: connection")],
    [answered(500, "rpc error: job not found")],
    [answered(400, "timeout must be positive")],
    [answered(404, "job not found")],
    [new NoAnswerError("Nomad", "closed", "the connection was closed")],
    [new NoAnswerError("Nomad", "unreached", "Nomad does not answer at http://127.0.0.1:9")],
    [UserError.at("web", "Nomad knows nothing of it any more", "forgotten")],
    [new TypeError("x is undefined")],
  ])("does not ask again after what stays: %#", async (error) => {
    const told: string[] = [];
    const { ask, count } = failing(error, 9);
    await expect(withRetries(ask, { onTrouble: (text) => told.push(text) })).rejects.toBe(error);
    expect([count(), told]).toEqual([1, []]);
  });

  test("waits for a server that answered before, and not for an address where nobody ever did", async () => {
    const restarting = await new ReplayServer({ "GET /v1/jobs": { body: [] } }).open();
    const client = new NomadClient(nomadConnection({ NOMAD_ADDR: restarting.address }));
    const stranger = new NomadClient(nomadConnection({ NOMAD_ADDR: restarting.address }));
    const told: string[] = [];
    const options = { patience: 300, onTrouble: (text: string) => told.push(text) };
    await withRetries(() => client.jobs(), options);
    await restarting.close();
    const region = client.where({ Region: "west" });
    await expect(withRetries(() => region.jobs(), options)).rejects.toThrow(/does not answer/);
    expect(told).toEqual([expect.stringMatching(/^Nomad does not answer; trying again$/)]);
    await expect(withRetries(() => stranger.jobs(), options)).rejects.toThrow(/does not answer at .* NOMAD_ADDR/);
    expect(told).toHaveLength(1);
    await Promise.all([client.close(), stranger.close()]);
  });

  test("of a hundred questions that one signal ends brings no warning of Node", async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on("warning", onWarning);
    const ends = new AbortController();
    const asking = Array.from({ length: 100 }, () =>
      withRetries(() => new Promise<never>(() => undefined), { signal: ends.signal }),
    );
    await sleep(20);
    ends.abort(new Error("enough"));
    const ended = await Promise.allSettled(asking);
    process.off("warning", onWarning);
    expect(ended.every(({ status }) => status === "rejected")).toBe(true);
    expect(warnings).toEqual([]);
  });

  test("is over after its time, with what went wrong last", async () => {
    const { ask, count } = failing(answered(500, "No cluster leader"), 99);
    await expect(withRetries(ask, { patience: 300 })).rejects.toThrow(/No cluster leader/);
    expect(count()).toBeGreaterThan(1);
  });

  test.each([
    ["an answer that never comes", () => new Promise<never>(() => undefined)],
    ["a pause", () => Promise.reject(answered(500, "No cluster leader"))],
  ])("ends with the reason of its signal in %s", async (_name, ask) => {
    const reason = new Error("the first cause");
    const ends = new AbortController();
    const asking = withRetries(ask, { signal: ends.signal });
    await sleep(30);
    ends.abort(reason);
    await expect(asking).rejects.toBe(reason);
  });
});
