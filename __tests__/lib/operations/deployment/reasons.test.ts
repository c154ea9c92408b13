import type { AllocationStub, JobJson } from "../../../../lib/nomad";
import { allocationReasons } from "../../../../lib/operations/deployment/reasons";

const job = { ID: "shop", Type: "service", TaskGroups: [{ Name: "web", Tasks: [{ Name: "api" }] }] } as JobJson;
const lost = (JobVersion: number) =>
  ({
    ID: `a${JobVersion}`,
    Name: "shop.web[0]",
    TaskGroup: "web",
    NodeName: "node-1",
    DesiredStatus: "run",
    ClientStatus: "lost",
    JobVersion,
    CreateIndex: JobVersion,
    ModifyIndex: JobVersion,
  }) as unknown as AllocationStub;

test("what happened to an older version is not told as if the registered one had it", () => {
  const told = (registered?: number) =>
    allocationReasons(job, [lost(1)], undefined, registered).map(({ message }) => message);
  expect(told()).toEqual(['an allocation of group "web" is lost with its node node-1']);
  expect(told(1)).toEqual(told());
  expect(told(2)).toEqual([`${told()[0]} (that was version 1; version 2 is registered)`]);
});

// Measured: the agent of a node is killed while a deployment goes on, and Nomad says only that its deadline has passed.
test("what was lost with its node is told though Nomad stopped it, as long as no other took its place", () => {
  const gone = { ...lost(1), DesiredStatus: "stop" } as unknown as AllocationStub;
  const told = (...allocations: readonly AllocationStub[]) =>
    allocationReasons(job, allocations).map(({ message }) => message);
  expect(told(gone)).toEqual(['an allocation of group "web" is lost with its node node-1']);
  expect(told({ ...gone, NextAllocation: "a2" })).toEqual([]);
  const other = {
    ...lost(2),
    ClientStatus: "running",
    DeploymentStatus: { Healthy: true },
  } as unknown as AllocationStub;
  expect(told(gone, other)).toEqual([]);
});
