import { FailingChecks } from "../../../../lib/operations/deployment/failing-checks";
import type { AllocationStub, ConsulClient, JobJson, NomadClient } from "../../../../lib/nomad";

const job = { ID: "shop", TaskGroups: [{ Name: "work", Services: [{ Name: "shop", Provider: "nomad" }], Tasks: [] }] };
const allocation = { ID: "a1", TaskGroup: "work", ClientStatus: "running", DeploymentStatus: null };

// A command that asks once, such as status, does so in the first second of its process.
test("checks are asked about at once, however young the process is", async () => {
  const check = { Status: "failure", Service: "shop", Check: "http", Output: "closed today" };
  const nomad = { allocationChecks: () => Promise.resolve({ id: check }) } as unknown as NomadClient;
  const clock = jest.spyOn(performance, "now").mockReturnValue(5);
  try {
    const checks = new FailingChecks(job as unknown as JobJson, nomad, undefined as ConsulClient | undefined);
    const found = await checks.of([allocation as unknown as AllocationStub]);
    expect(found).toMatchObject([{ service: "shop", output: "closed today" }]);
  } finally {
    clock.mockRestore();
  }
});

// With auto_revert, Nomad stops what failed in the moment in which it says so.
test.each([
  ["Nomad", "nomad"],
  ["Consul", "consul"],
])("what a check of %s said last is kept of an allocation whose services are gone", async (_name, Provider) => {
  let registered = true;
  const check = { Status: "failure", Service: "shop", Check: "http", Output: "HTTP 404" };
  const instance = {
    Service: { ID: "_nomad-task-a1-shop" },
    Checks: [{ Name: "http", Status: "critical", ServiceID: "_nomad-task-a1-shop", CheckID: "1", Output: "HTTP 404" }],
  };
  const nomad = { allocationChecks: () => Promise.resolve(registered ? { id: check } : {}) } as unknown as NomadClient;
  const consul = {
    instances: () => Promise.resolve(registered ? [instance] : []),
    agentChecks: () => Promise.resolve({}),
  } as unknown as ConsulClient;
  let now = 5;
  const clock = jest.spyOn(performance, "now").mockImplementation(() => now);
  try {
    const group = { Name: "work", Services: [{ Name: "shop", Provider, Checks: [{}] }], Tasks: [] };
    const checks = new FailingChecks({ ID: "shop", TaskGroups: [group] } as unknown as JobJson, nomad, consul);
    await checks.of([allocation as unknown as AllocationStub]);
    // No event tells that a check says something else.
    expect(checks.rest([allocation as unknown as AllocationStub])).toBe(2000);
    [registered, now] = [false, 10_000];
    expect(await checks.of([allocation as unknown as AllocationStub])).toMatchObject([{ output: "HTTP 404" }]);
    // One that was changed in place is another deployment's after that.
    expect(await checks.of([])).toEqual([]);
    expect(checks.remembered).toMatchObject([{ allocation: "a1", output: "HTTP 404" }]);
    await checks.of([{ ...allocation, DeploymentStatus: { Healthy: true } } as unknown as AllocationStub]);
    expect(checks.remembered).toEqual([]);
  } finally {
    clock.mockRestore();
  }
});
