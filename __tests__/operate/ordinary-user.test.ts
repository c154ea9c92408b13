import { existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { ClusterStatus } from "../../lib/local";
import { OrdinaryProject, whyNoOrdinaryUser } from "../support/ordinary-user";
import { reservePorts, type ReservedPorts } from "../support/ports";
import { processesNaming } from "../support/processes";
import { flat } from "../support/project";

// All of the embedded cluster in the hands of somebody who is not root.

const why = whyNoOrdinaryUser();
if (why !== undefined) process.stderr.write(`skipped: the embedded cluster of an ordinary user; ${why}\n`);
const describeWhereRoot = why === undefined ? describe : describe.skip;

describeWhereRoot("the embedded cluster of an ordinary user", () => {
  let project: OrdinaryProject;
  let ports: ReservedPorts;
  beforeAll(async () => {
    project = new OrdinaryProject();
    ports = await reservePorts();
    project.write("change.json", JSON.stringify({ jobs: [{ id: "web", env: { MARK: project.folder } }] }));
  });
  afterAll(async () => {
    await project.remove();
    await ports.release();
  });

  const ofCluster = () => processesNaming(project.folder).filter(({ command }) => !command.includes("jest"));
  const owners = () => new Set(ofCluster().map(({ pid }) => statSync(`/proc/${pid}`).uid));
  const up = () => project.run(["up", "--port-offset", String(ports.offset)]);

  test("comes up, takes a deployment, is told of, and goes down", async () => {
    const started = await up();
    expect([started.code, flat(started)]).toEqual([0, expect.stringContaining("nomad ready")]);
    const deployed = await project.run(["deploy", "dev"]);
    expect([deployed.code, flat(deployed)]).toEqual([0, expect.stringContaining("web version 0 is healthy")]);
    expect([...owners()]).toEqual([65534]);
    const status = await project.run(["status", "--json"]);
    expect([status.code, (JSON.parse(status.stdout) as ClusterStatus).phase]).toEqual([0, "running"]);
    expect((await project.run(["down"])).code).toBe(0);
    expect(ofCluster()).toEqual([]);
    expect(existsSync(join(project.folder, ".cdk-nomad/data"))).toBe(false);
  });

  test("what needs root is said before it is deployed", async () => {
    expect((await up()).code).toBe(0);
    project.write("change.json", JSON.stringify({ jobs: [{ id: "rooted", driver: "exec" }] }));
    const said = await project.run(["deploy", "dev", "--detach"]);
    expect(flat(said)).toMatch(/rooted work: 0 of 1 find a place; .*driver exec.*only root/);
  });

  test("that root started is told of and left alone, with what to do", async () => {
    expect((await project.run(["down"])).code).toBe(0);
    expect((await project.run(["up", "--port-offset", String(ports.offset)], "root")).code).toBe(0);
    const before = ofCluster().length;
    for (const command of ["status", "down", "up"]) {
      const said = await project.run([command]);
      expect([command, said.code === 0, flat(said)]).toEqual([command, false, expect.stringMatching(/of root/)]);
    }
    expect(ofCluster().length).toBe(before);
    rmSync(join(project.folder, ".cdk-nomad"), { recursive: true, force: true });
    const said = await project.run(["down"]);
    expect([said.code, flat(said)]).toEqual([1, expect.stringMatching(/process(es)? [\d, ]+ of root cannot be ended/)]);
    expect((await project.run(["down"], "root")).code).toBe(0);
    expect(ofCluster()).toEqual([]);
  });
});
