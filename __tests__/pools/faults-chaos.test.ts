import { clusterForSuite } from "../support/cluster";
import { seeded, slotChaos } from "../support/slot-chaos";

const cluster = clusterForSuite();

/** `npm run bench -- pools` does 2,000 claims. */
test("managers, clients and sandboxes are killed at random, and no slot is had twice, and no lease is left", async () => {
  const { nomad, environment, project } = cluster;
  const { claims, doubles, strangers, late, left } = await slotChaos(
    { nomad, environment, folder: project.folder },
    {
      claims: 40,
      managers: 3,
      callers: 2,
      sandboxes: 2,
      slots: 3,
      every: 1500,
      timeout: 20_000,
      random: seeded(5),
    },
  );
  expect(claims).toBeGreaterThanOrEqual(40);
  expect({ doubles, strangers, late }).toEqual({ doubles: [], strangers: 0, late: 0 });
  expect(left).toEqual({ leases: 0, sandboxes: 0, processes: 0 });
}, 180_000);
