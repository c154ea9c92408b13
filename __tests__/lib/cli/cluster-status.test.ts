import { clusterTable, partialText } from "../../../lib/cli/commands/run/cluster-status";
import type { ClusterStatus } from "../../../lib/local";
import { renderTerminal } from "../../../lib/text";

function agent(name: string, running: boolean, ready: boolean): ClusterStatus["agents"][number] {
  const region = name.startsWith("nomad") ? "global" : undefined;
  return { name, region, running, ready, pid: undefined, version: "1", address: "http://127.0.0.1:4646", log: "log" };
}

function status(agents: ClusterStatus["agents"]): ClusterStatus {
  const usual = { folder: "/shop/.cdk-nomad", portOffset: 0, regions: ["global"], closed: true, peersOnly: true };
  return { ...usual, vault: false, agents, phase: "partial", abandoned: 0, forgotten: false };
}

const shown = (found: ClusterStatus) =>
  [clusterTable(found), partialText(found)].map((text) => renderTerminal(text, { color: false, mask: (own) => own }));

test("an agent that runs and does not answer is not said to start, nor to be missing", () => {
  const [table, why] = shown(status([agent("consul", true, true), agent("nomad", true, false)]));
  expect(table).toMatch(/nomad +not ready/);
  expect(table).not.toContain("starting");
  expect(why?.trim()).toBe(
    "nomad runs and is not ready: where that stays so, something hangs; cdk-nomad down ends it, and then cdk-nomad up begins anew",
  );
});

test("where one is missing, up starts it", () => {
  const [table, why] = shown(status([agent("consul", true, true), agent("nomad", false, false)]));
  expect(table).toMatch(/nomad +stopped/);
  expect(why).toContain("cdk-nomad up starts what is missing");
});
