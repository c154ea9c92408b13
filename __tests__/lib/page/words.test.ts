import {
  addressOf,
  agoInWords,
  countsInWords,
  groupInWords,
  nameOf,
  oneTimeTokenOf,
  placeOf,
  signOf,
  taskText,
  titleOf,
  wantsLook,
} from "../../../lib/page/browser/words";

test("nothing but what is known to be well is shown as well, and nothing that was heard too long ago", () => {
  const states = [
    "healthy",
    "ready",
    "running",
    "complete",
    "deploying",
    "waiting-for-promotion",
    "degraded",
    "failed",
    "stopped",
    "missing",
    "unknown",
  ] as const;
  expect(states.filter((state) => signOf(state).tone === "good")).toEqual(["healthy", "ready", "complete"]);
  expect(states.map((state) => signOf(state, true).tone)).toEqual(states.map(() => "unknown"));
  // A service that is newer may have words that are not known here.
  for (const word of ["splendid", "constructor", "__proto__"]) expect(signOf(word as "healthy").tone).toBe("unknown");
});

test("an address leads where it says, and nowhere else", () => {
  for (const place of [
    { view: "environments" },
    { view: "environment", id: "shop.dev" },
    { view: "environment", id: "a b/c#d?e%f" },
    { view: "pools" },
    { view: "sessions" },
  ] as const)
    expect(placeOf(addressOf(place))).toEqual(place);
  for (const hash of ["", "#", "#/nothing", "#/environments/%", "#login=x"])
    expect(placeOf(hash)).toEqual({ view: "environments" });
});

test("a one-time token is taken from an address that is nothing else", () => {
  const token = "q0fHk9m2X4t7v1c8b3n6l5z0r2y9w4e7u1i8o3p6a5s";
  expect(oneTimeTokenOf(`#login=${token}`)).toBe(token);
  for (const hash of ["", "#login=", `#/login=${token}`, `#login=${token}&x`, "#login=<script>"])
    expect(oneTimeTokenOf(hash)).toBeUndefined();
});

test("counts and times are said in words", () => {
  expect(groupInWords({ name: "a", desired: 3, running: 2, starting: 1, queued: 0 })).toBe("2/3, 1 starting");
  expect(groupInWords({ name: "a", running: 0, starting: 0, queued: 2, failed: 1 })).toBe(
    "0, 1 failed, 2 without a node",
  );
  expect([4_000, 180_000, 7_200_000].map(agoInWords)).toEqual(["4 s ago", "3 min ago", "2 h ago"]);
});

test("what a task writes acts on nobody who reads it", () => {
  expect(taskText("\u001b[31mred\u001b[0m\r\n\tgrüße 日本 🙂\n")).toBe("red\n\tgrüße 日本 🙂\n");
  expect(taskText("\u001b]0;title\u0007\u001b[2J\u009b2Jend")).toBe("<U+001B>]0;title<U+0007><U+001B>[2J<U+009B>2Jend");
  expect(taskText("safe\rEVIL \u202egnp.exe\u2066\u007f")).toBe("safe<U+000D>EVIL <U+202E>gnp.exe<U+2066><U+007F>");
});

test("a job of the same id in another place has another name, and what is wrong is said first", () => {
  expect(nameOf({ job: "web" })).toBe("web");
  expect(nameOf({ job: "web", region: "us-east", namespace: "team" })).toBe("web (us-east, namespace team)");
  const states = ["healthy", "failed", "healthy", "waiting-for-promotion", "unknown"] as const;
  expect(countsInWords(states.map((state) => ({ state })))).toBe(
    "1 failed, 1 not known, 1 waiting for promotion, 2 healthy",
  );
});

test("a browser's tab says where one is", () => {
  expect(titleOf({ view: "environment", id: "shop.dev" })).toBe("dev, cdk-nomad");
  expect(titleOf({ view: "pools" })).toBe("Pools, cdk-nomad");
});

test("what fails while it is being deployed wants a look at once, and what only waits for its health does not", () => {
  const reason = (kind: string) => ({ kind, message: "It is so." });
  expect(wantsLook({ state: "deploying", reasons: [reason("task")] })).toBe(true);
  expect(wantsLook({ state: "deploying", reasons: [reason("placement")] })).toBe(true);
  expect(wantsLook({ state: "deploying", reasons: [reason("health"), reason("check")] })).toBe(false);
  expect(wantsLook({ state: "healthy", reasons: [] })).toBe(false);
  expect(wantsLook({ state: "unknown", reasons: [] })).toBe(true);
});
