import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { apiPath } from "../../lib/nomad";
import { OwnNomad } from "../support/own-nomad";
import { ended, Project } from "../support/project";
import { until } from "../support/until";
import type { SmallProgram } from "./programs/small-jobs";

const own = new OwnNomad();
const project = new Project(Project.SMALL_JOBS);

beforeAll(() => own.start());
afterAll(async () => {
  await own.remove();
  await project.remove();
});

const program = (settings: SmallProgram) => project.change(settings);
const env = (token = own.token) => ({ NOMAD_ADDR: own.address, NOMAD_TOKEN: token });

test("a deployment goes on where Nomad is killed and comes back", async () => {
  const gate = join(project.folder, "gate");
  program({ jobs: [{ id: "web", count: 3, gate, deadline: 240 }] });
  const child = project.spawn(["deploy", "dev"], env());
  const said = ended(child);
  let stderr = "";
  child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const nomad = own.client();
  await until("a deployment", async () => (await nomad.deployments("web")).length > 0);
  await own.kill();
  await until("a word of it", () => /the stream of Nomad's events was cut|Nomad does not answer/.test(stderr));
  await own.start();
  writeFileSync(gate, "");
  expect([(await said).code, (await said).stderr]).toEqual([0, expect.stringContaining("web version 0 is healthy")]);
  await nomad.close();
});

test("a token that may only read: told which capability it lacks, and nothing is changed", async () => {
  const nomad = own.client();
  const rules = 'namespace "default" { policy = "read" }';
  await nomad.http.post(apiPath`/v1/acl/policy/reader`, v.unknown(), { body: { Name: "reader", Rules: rules } });
  const { SecretID } = await nomad.http.post(apiPath`/v1/acl/token`, v.object({ SecretID: v.string() }), {
    body: { Name: "reader", Type: "client", Policies: ["reader"] },
  });
  program({ jobs: [{ id: "web", count: 2 }] });
  for (const command of ["preview", "deploy", "drift"]) {
    const said = await project.run([command, "dev"], env(SecretID));
    const text = said.stderr.replaceAll(/\s+/g, " ");
    expect([command, said.code, text]).toEqual([
      command,
      1,
      expect.stringMatching(
        /refuses the token for POST \/v1\/job\/web\/plan: Permission denied.*write one with the capability plan-job, or submit-job where Nomad does not know that/,
      ),
    ]);
    expect(text).not.toContain(SecretID);
  }
  const status = await project.run(["status", "dev"], { ...env(SecretID), CONSUL_HTTP_ADDR: "http://127.0.0.1:9" });
  expect([status.code, status.stdout]).toEqual([0, expect.stringMatching(/web +healthy +0 +work 3\/3/)]);
  expect((await nomad.job("web"))?.Version).toBe(0);
  await nomad.close();
});

test("where the record may be neither read nor written, commands say so in one line and go on", async () => {
  const nomad = own.client();
  // Variables have rights of their own.
  const rules = 'namespace "default" { policy = "write" }\nnode { policy = "read" }';
  await nomad.http.post(apiPath`/v1/acl/policy/writer`, v.unknown(), { body: { Name: "writer", Rules: rules } });
  const { SecretID } = await nomad.http.post(apiPath`/v1/acl/token`, v.object({ SecretID: v.string() }), {
    body: { Name: "writer", Type: "client", Policies: ["writer"] },
  });
  program({ jobs: [{ id: "unrecorded" }] });
  const said = await project.run(["deploy", "dev"], env(SecretID));
  const lines = said.stderr.split("\n");
  const about = (text: string) => lines.filter((line) => line.includes(text)).length;
  expect([said.code, said.stderr]).toEqual([0, expect.stringContaining("unrecorded version 0 is healthy")]);
  expect(about("cannot be read, and nothing of it is taken: Nomad refuses the token for GET /v1/var/cdk-nomad")).toBe(
    1,
  );
  expect(about("the record of what dev brings cannot be written, and nothing is recorded: Nomad refuses")).toBe(1);
  const drift = await project.run(["drift", "dev"], env(SecretID));
  expect([drift.code, drift.stderr]).toEqual([
    0,
    expect.stringContaining("cannot be read, and nothing of it is taken"),
  ]);
  expect(said.stderr + drift.stderr).not.toContain(SecretID);
  await nomad.close();
});
