import { tmpdir } from "node:os";
import { machineRoom, scarceOn } from "../../../lib/local";

test("what this machine has left is told in MiB", () => {
  const { memory, disk } = machineRoom(tmpdir());
  expect(Number.isInteger(memory) && memory > 0).toBe(true);
  expect(Number.isInteger(disk) && disk > 0).toBe(true);
});

test.each([
  [{ memory: 512, disk: 1024 }, []],
  [{ memory: 100, disk: 5000 }, ["only 100 MiB of memory is left; 412 more are wanted for the agents alone"]],
  [{ memory: 4000, disk: 24 }, ["only 24 MiB of disk at /p is left; 1000 more are wanted for the agents alone"]],
])("of %j this is too little: %j", (room, said) => {
  expect(scarceOn(room, "/p")).toEqual(said);
});
