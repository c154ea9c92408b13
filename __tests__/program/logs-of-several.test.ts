import { recorded } from "../support/replay";
import { withState } from "../support/states";

type Allocation = { readonly ID: string };
const [newest] = (recorded("healthy").nomad["GET /v1/allocations?task_states=true"] as { body: Allocation[] }).body;

const allocation = (ID: string, CreateTime: number, ClientStatus = "running") => ({
  ...newest,
  JobID: "web",
  ID: `${ID}-0000-0000-0000-000000000000`,
  CreateTime,
  ClientStatus,
});

function logs(allocations: readonly Allocation[], ...args: readonly string[]) {
  return withState("healthy", (state) => {
    state.nomad.set({ "GET /v1/allocations?task_states=true": { body: allocations } });
    for (const { ID } of allocations)
      state.nomad.set({
        [`GET /v1/client/fs/logs/${ID}`]: ({ query }) => ({
          stream: query.get("type") === "stdout" ? [{ text: `said by ${ID.slice(0, 8)}\n` }] : [],
          end: "close",
        }),
      });
    return state.run(["logs", "main", ...args]);
  });
}

const three = [allocation("aaaaaaaa", 1), allocation("bbbbbbbb", 3), allocation("cccccccc", 2)];

test("of a task that several allocations run, the newest is printed, and that is said with the others", async () => {
  const { code, stdout, stderr } = await logs(three);
  expect([code, stdout]).toEqual([0, "said by bbbbbbbb\n"]);
  expect(stderr.replaceAll(/\s+/g, " ")).toContain(
    "3 allocations run main; this is the newest, bbbbbbbb: --alloc prints another (aaaaaaaa, cccccccc)",
  );
});

test("another is printed by the beginning of its id, and then nothing more is said", async () => {
  const said = await logs(three, "--alloc", "aaaaaaaa");
  expect([said.code, said.stdout]).toEqual([0, "said by aaaaaaaa\n"]);
  expect(said.stderr).not.toContain("allocations run");
});

test("an id that no allocation has is told under its option", async () => {
  const { code, stdout, stderr } = await logs(three, "--alloc", "dddddddd");
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toContain('--alloc: no allocation has an id that begins with "dddddddd"');
});

test("those that have ended are none beside the one that runs", async () => {
  const said = await logs([allocation("aaaaaaaa", 3, "complete"), allocation("bbbbbbbb", 1)]);
  expect([said.code, said.stdout]).toEqual([0, "said by bbbbbbbb\n"]);
  expect(said.stderr).not.toContain("allocations run");
});
