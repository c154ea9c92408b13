import { PoolBusyError } from "../../../lib/pools";
import { BusyPools } from "../../../lib/service/busy-pools";

test("what keeps a pool's containers away is told once for as long as it is the same", () => {
  const told: string[] = [];
  const pools = new BusyPools((message) => void told.push(message));
  const refuse = (why: string, retry = 2000) =>
    pools.tell(new PoolBusyError("hermes-sandbox", retry, `the pool is busy; ask again in ${retry / 1000} s`, why));
  const driver = "another sandbox finds no node: missing driver docker";
  refuse("");
  refuse(driver);
  refuse(driver, 5000);
  refuse("it has all of its 2 sandboxes");
  pools.gaveOut("hermes-sandbox");
  refuse("it has all of its 2 sandboxes");
  expect(told).toEqual([
    `the pool hermes-sandbox has nothing free: ${driver}`,
    "the pool hermes-sandbox has nothing free: it has all of its 2 sandboxes",
    "the pool hermes-sandbox has nothing free: it has all of its 2 sandboxes",
  ]);
});
