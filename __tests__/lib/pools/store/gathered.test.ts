import { NoAnswerError } from "../../../../lib/errors";
import { ApiError } from "../../../../lib/nomad";
import { Gathered, type Commit } from "../../../../lib/pools/store/gathered";
import type { Change } from "../../../../lib/pools";
import { until } from "../../../support/until";

/** A request to the store, which the test answers. */
interface Request {
  readonly keys: readonly string[];
  readonly signal: AbortSignal;
  readonly answer: (versions: readonly (number | undefined)[]) => void;
  readonly fail: (error: Error) => void;
}

function gathered(most = 64) {
  const requests: Request[] = [];
  const commit: Commit = async (changes, signal) =>
    new Promise((answer, fail) => requests.push({ keys: changes.map(({ key }) => key), signal, answer, fail }));
  return { requests, gathered: new Gathered(commit, (changes) => changes.slice(0, most)) };
}

const change = (key: string): Change => ({ key, value: "x", version: 0 });
const settle = async () => new Promise((resolve) => setImmediate(resolve));
const keys = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => `k${from + at}`);
const REFUSED = new ApiError("Consul", "PUT", "/v1/txn", 403, "Permission denied");
const LOST = new NoAnswerError("Consul", "absent", "cut");

test("a change that is asked for alone goes at once, and what is asked for meanwhile goes together", async () => {
  const { requests, gathered: store } = gathered();
  const made = keys(0, 8).map(async (key) => store.make(change(key)));
  expect(requests.map(({ keys: of }) => of)).toEqual([["k0"], ["k1"]]);
  requests[1]?.answer([21]);
  await settle();
  expect(requests.slice(2).map(({ keys: of }) => of)).toEqual([keys(2, 8)]);
  requests[2]?.answer([undefined, 3, 4, 5, 6, 7]);
  requests[0]?.answer([20]);
  expect(await Promise.all(made)).toEqual([20, 21, undefined, 3, 4, 5, 6, 7]);
});

test("a request holds no more than the store takes", async () => {
  const { requests, gathered: store } = gathered(3);
  for (const key of keys(0, 7)) void store.make(change(key));
  requests[0]?.answer([1]);
  requests[1]?.answer([1]);
  await settle();
  expect(requests.slice(2).map(({ keys: of }) => of)).toEqual([keys(2, 5), keys(5, 7)]);
});

test("what is refused as a whole is asked again one by one, so that each has an answer of its own", async () => {
  const { requests, gathered: store } = gathered();
  const made = keys(0, 5).map(async (key) => store.make(change(key)));
  const results = Promise.allSettled(made);
  for (const request of requests.slice(0, 2)) request.answer([1]);
  await settle();
  requests[2]?.fail(REFUSED);
  await settle();
  expect(requests.slice(3).map(({ keys: of }) => of)).toEqual([["k2"]]);
  requests[3]?.answer([2]);
  await settle();
  requests[4]?.fail(REFUSED);
  await settle();
  requests[5]?.answer([undefined]);
  expect((await results).slice(2)).toEqual([
    { status: "fulfilled", value: 2 },
    { status: "rejected", reason: REFUSED },
    { status: "fulfilled", value: undefined },
  ]);
  // And the way is free again.
  void store.make(change("next"));
  expect(requests.at(-1)?.keys).toEqual(["next"]);
});

test("a request that hangs holds up nobody who comes later", async () => {
  const { requests, gathered: store } = gathered();
  void store.make(change("a"));
  void store.make(change("b"));
  const heartbeat = store.make(change("heartbeat"));
  expect(requests).toHaveLength(2);
  await until("that it is sent", () => requests.length === 3);
  requests[2]?.answer([7]);
  expect(await heartbeat).toBe(7);
  // Those that hung take no place twice.
  for (const request of requests.slice(0, 2)) request.answer([1]);
  await settle();
  for (const key of keys(0, 4)) void store.make(change(key));
  expect(requests.slice(3).map(({ keys: of }) => of)).toEqual([["k0"], ["k1"]]);
});

test.each([
  ["a server that nobody has reached before", new NoAnswerError("Consul", "unreached", "cut")],
  ["a proxy's error", new ApiError("Consul", "PUT", "/v1/txn", 500, "oops")],
  ["a proxy's impatience", new ApiError("Consul", "PUT", "/v1/txn", 408, "")],
])("after %s it may be done: nothing is sent again, so that nobody is told of another's write", async (_, error) => {
  const { requests, gathered: store } = gathered();
  const results = Promise.allSettled(keys(0, 4).map(async (key) => store.make(change(key))));
  for (const request of requests.slice(0, 2)) request.answer([1]);
  await settle();
  requests[2]?.fail(error);
  expect((await results).slice(2).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(requests).toHaveLength(3);
});

test("where no answer comes, all who shared the request are told so, and nothing is sent again behind their back", async () => {
  const { requests, gathered: store } = gathered();
  const results = Promise.allSettled(keys(0, 4).map(async (key) => store.make(change(key))));
  for (const request of requests.slice(0, 2)) request.answer([1]);
  await settle();
  requests[2]?.fail(LOST);
  expect((await results).slice(2)).toEqual([
    { status: "rejected", reason: LOST },
    { status: "rejected", reason: LOST },
  ]);
  expect(requests).toHaveLength(3);
});

test("whoever gives up is told at once; the request goes on while somebody waits for a part of it, and no longer", async () => {
  const { requests, gathered: store } = gathered();
  const [first, second, third] = [new AbortController(), new AbortController(), new AbortController()];
  for (const key of keys(0, 2)) void store.make(change(key));
  const a = store.make(change("a"), first.signal);
  const b = store.make(change("b"), second.signal);
  const never = store.make(change("c"), third.signal);
  // One that was not sent yet is never sent.
  third.abort(new Error("gone"));
  await expect(never).rejects.toThrow("gone");
  requests[0]?.answer([1]);
  await settle();
  const shared = requests[2];
  expect(shared?.keys).toEqual(["a", "b"]);
  first.abort(new Error("tired"));
  await expect(a).rejects.toThrow("tired");
  expect(shared?.signal.aborted).toBe(false);
  second.abort(new Error("tired too"));
  await expect(b).rejects.toThrow("tired too");
  expect(shared?.signal.aborted).toBe(true);
  await expect(store.make(change("d"), first.signal)).rejects.toThrow("tired");
  expect(requests).toHaveLength(3);
});
