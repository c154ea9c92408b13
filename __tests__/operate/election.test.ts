import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { OwnNomad } from "../support/own-nomad";
import { ended, Project } from "../support/project";
import { until } from "../support/until";

const own = new OwnNomad(3);
const project = new Project(Project.SMALL_JOBS);

beforeAll(() => own.start());
afterAll(async () => {
  await own.remove();
  await project.remove();
});

test("the leader of three servers is killed under a deployment: another one is elected, and all is watched to its end", async () => {
  const gate = join(project.folder, "gate");
  project.change({ jobs: [{ id: "web", count: 2, gate, deadline: 240 }] });
  const nomad = own.client();
  try {
    // The first server is the one that the command asks, so another one has to lead.
    await until("a leader that is not asked", async () => {
      const leader = await own.leader();
      if (leader === 0) await own.leadElsewhere();
      return leader !== undefined && leader !== 0;
    });
    const said = ended(project.spawn(["deploy", "dev"], { NOMAD_ADDR: own.address, NOMAD_TOKEN: own.token }));
    await until("a deployment", async () => (await nomad.deployments("web")).length > 0);
    const leader = (await own.leader()) ?? 0;
    expect(leader).not.toBe(0);
    await own.kill(leader);
    await until("another leader", async () => ![undefined, leader].includes(await own.leader()));
    writeFileSync(gate, "");
    expect([(await said).code, (await said).stderr]).toEqual([0, expect.stringContaining("web version 0 is healthy")]);
    expect((await nomad.job("web"))?.Version).toBe(0);
    expect((await nomad.deployments("web")).length).toBe(1);
  } finally {
    await nomad.close();
  }
});
