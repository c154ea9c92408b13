import { Turns } from "../../../lib/service/turns";
import { testService } from "../../support/service";

test("work begins piece by piece, in order, and what comes in between is answered between", async () => {
  const turns = new Turns();
  const order: string[] = [];
  const work = ["a", "b", "c"].map(async (name) => {
    await turns.next();
    order.push(name);
  });
  const between = (async () => {
    for (let count = 0; count < 3; count += 1) {
      await new Promise(setImmediate);
      order.push("-");
    }
  })();
  await Promise.all([...work, between]);
  expect(order.join("")).toMatch(/^-?a-b-c-?$/);
});

test("those who are refused do not wait for the work of those who are not", async () => {
  const service = await testService({ limits: { commandsOfOwner: 10 } });
  const token = service.token("ann", "execute", "claim");
  service.pools.free = Array.from({ length: 10 }, (_, number) => `c${number}`);
  let begun = 0;
  const claim = service.pools.claim.bind(service.pools);
  // A command that begins keeps the process busy for a while.
  service.pools.claim = (...all) => {
    begun += 1;
    for (const end = performance.now() + 20; performance.now() < end;);
    return claim(...all);
  };
  const begunBefore: number[] = [];
  const run = async () => {
    const command = { userId: "ann", provider: "openai", command: "id" };
    const { status } = await service.ask(token, "POST", "/api/execute", command);
    if (status === 429) begunBefore.push(begun);
    return status;
  };
  const said = await Promise.all(Array.from({ length: 40 }, run));
  expect([said.filter((status) => status === 200).length, begunBefore.length]).toEqual([10, 30]);
  expect(Math.max(...begunBefore)).toBeLessThanOrEqual(2);
});
