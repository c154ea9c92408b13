import { testService } from "../../support/service";

/** Refusals that say what to write instead. */

describe("a pool that the service does not have", () => {
  const notOfSlots = /hermes-sandbox is a slot pool, which is neither drained.*nomad job stop/;
  const refused: readonly [string, RegExp][] = [
    ["/api/containers", /hermes-sandbox is not served here; start .* --slot-pool hermes-sandbox .*warm-pool-openai/],
    ...["drain", "fill", "recycle"].map((verb): [string, RegExp] => [`/api/pools/hermes-sandbox/${verb}`, notOfSlots]),
  ];

  test.each(refused)("%s says of a slot pool why, and what to do", async (url, says) => {
    const service = await testService();
    service.pools.others.set("hermes-sandbox", "slots");
    const body = url === "/api/containers" ? { pool: "hermes-sandbox" } : undefined;
    const said = await service.ask(service.token("ann", "claim", "admin"), "POST", url, body);
    expect(said).toMatchObject({ status: 404, body: { code: "pool-unknown" } });
    expect(said.body.detail).toMatch(says);
  });

  test("of a warm pool it says how it would have it", async () => {
    const service = await testService();
    service.pools.others.set("warm-pool-anthropic", "warm");
    const said = await service.ask(service.token("ann", "claim"), "POST", "/api/containers", {
      pool: "warm-pool-anthropic",
    });
    expect(said.body.detail).toContain("--pool warm-pool-anthropic");
  });
});

describe("what a request may have", () => {
  const asked = { userId: "ann", provider: "openai", command: "echo hi" };
  test.each([
    [
      "a value that is none of a few",
      { ...asked, provider: "mistral" },
      /provider is none of openai, anthropic, google/,
    ],
    ["another", { ...asked, encoding: "hex" }, /encoding is none of utf8, base64/],
    [
      "a field that is none",
      { ...asked, cmd: "ls" },
      /has "cmd", which is not known; write one of userId, provider, command,/,
    ],
  ])("is said where it has %s", async (_what, body, detail) => {
    const service = await testService();
    const said = await service.ask(service.token("ann", "execute"), "POST", "/api/execute", body);
    expect(said).toMatchObject({ status: 400, body: { code: "bad-request", errors: [{}] } });
    expect(said.body.detail).toMatch(detail);
  });
});
