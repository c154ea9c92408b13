import type { PlacementFailure } from "../../../lib/nomad";
import { groupPlacementInWords } from "../../../lib/operations/plan";

const failure = (more: object): PlacementFailure => ({
  NodesEvaluated: 1,
  NodesFiltered: 1,
  NodesExhausted: 0,
  NodesInPool: 1,
  NodesAvailable: {},
  CoalescedFailures: 0,
  ConstraintFiltered: {},
  ClassFiltered: {},
  ClassExhausted: {},
  DimensionExhausted: {},
  QuotaExhausted: [],
  ...more,
});
const windows = { LTarget: "${attr.kernel.name}", Operand: "=", RTarget: "windows" };
const job = {
  ID: "web",
  Constraints: [{ LTarget: "${node.class}", Operand: "regexp", RTarget: "big" }],
  TaskGroups: [
    { Name: "other", Constraints: [windows] },
    {
      Name: "web",
      Constraints: [{ Operand: "distinct_hosts" }],
      Tasks: [{ Name: "web", Driver: "exec", Constraints: [windows] }],
    },
  ],
};

describe("why a group finds no node", () => {
  // Measured: a constraint that is added to a group which runs is tried in place first, and then Nomad knows the node's class alone.
  test("is told by what it asks of a node, where Nomad says only that the class is left out", () => {
    expect(groupPlacementInWords(job, "web", failure({ ConstraintFiltered: { "computed class ineligible": 2 } }))).toBe(
      "what the group asks of a node leaves out 2 nodes: one of ${node.class} regexp big, distinct_hosts, ${attr.kernel.name} = windows, driver exec",
    );
  });

  test("is told by the constraint, where Nomad names it, with the nodes like those", () => {
    const ConstraintFiltered = { "${attr.kernel.name} = windows": 1, "computed class ineligible": 2 };
    expect(groupPlacementInWords(job, "web", failure({ ConstraintFiltered }))).toBe(
      'the constraint "${attr.kernel.name} = windows" leaves out 1 node, the same leaves out 2 nodes of the same class',
    );
  });

  // Nomad counts no node that is drained or ineligible: that none is there would be untrue.
  test("does not say that there is no node, where those that there are may take none", () => {
    expect(groupPlacementInWords(job, "web", failure({ NodesEvaluated: 0, NodesInPool: 0 }))).toMatch(
      /no node .* that takes allocations \(one that is drained, ineligible or down takes none\)/,
    );
  });

  // Nomad says of these no more than their kind.
  test.each<[string, object, object, string]>([
    ["devices", {}, { Resources: { Devices: [{ Name: "nvidia/gpu" }] } }, "missing devices"],
    [
      "volumes",
      { Volumes: { data: { Type: "host", Source: "nvidia/gpu" }, csi: { Type: "csi", Source: "elsewhere" } } },
      {},
      "missing compatible host volumes",
    ],
    ["drivers", {}, { Driver: "nvidia/gpu" }, "missing drivers"],
    ["providers of secrets", {}, { Secrets: [{ Provider: "nvidia/gpu" }] }, "missing secrets provider"],
  ])("names the %s that no node has", (_what, group, task, constraint) => {
    const held = { ID: "web", TaskGroups: [{ Name: "web", ...group, Tasks: [{ Name: "web", ...task }] }] };
    expect(groupPlacementInWords(held, "web", failure({ ConstraintFiltered: { [constraint]: 2 } }))).toBe(
      `the constraint "${constraint}" leaves out 2 nodes (nvidia/gpu)`,
    );
  });

  test.each<[string, object]>([
    ["nothing", { ID: "web" }],
    ["what is no list", { ID: "web", TaskGroups: "x", Constraints: 1 }],
    [
      "null",
      {
        ID: "web",
        TaskGroups: [null, { Name: "web", Tasks: [null], Constraints: null, Volumes: { a: null } }],
        Constraints: [null],
      },
    ],
  ])("is told without it, where a job has %s in its place", (_what, held) => {
    const said = groupPlacementInWords(
      held as { ID: string },
      "web",
      failure({ ConstraintFiltered: { "computed class ineligible": 1 } }),
    );
    expect(said).toBe("what the group asks of a node leaves out 1 node");
  });
});
