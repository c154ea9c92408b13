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
