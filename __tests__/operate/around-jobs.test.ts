import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { clusterForSuite } from "../support/cluster";
import { Project } from "../support/project";
import { cdktf, UNCHANGED, whyNoProviders } from "../support/terraform";

const reason = whyNoProviders({ nomad: { source: "nomad", version: "2.6.1" } });
if (reason !== undefined) console.log(`skipped: namespaces, variables and volumes with the real provider; ${reason}`);
const withProvider = reason === undefined ? describe : describe.skip;

const SECRET = 'a secret with "quotes", ${NOMAD_x} and \\ in it';

withProvider("what jobs need around them", () => {
  const cluster = clusterForSuite();
  const project = new Project(join(__dirname, "programs/around-jobs.ts"));
  afterAll(() => project.remove());

  const run = (command: string, env: NodeJS.ProcessEnv = {}, ...more: string[]) =>
    cdktf(project.folder, [command, "dev", "--skip-provider-lock", ...more], {
      ...cluster.environment,
      TF_VAR_api_key: SECRET,
      ...env,
    });
  const shop = () => cluster.nomad.where({ Namespace: "shop" });

  test("comes with one apply: namespace, node pool, volume, variable, and the job that uses them", async () => {
    const said = await run("deploy", {}, "--auto-approve");
    expect([said.code, said.stdout]).toEqual([0, expect.stringContaining("Apply complete")]);
    expect(await shop().job("web")).toMatchObject({ Status: "running", Namespace: "shop" });
    expect((await shop().variable("nomad/jobs/web"))?.Items).toEqual({ api_key: SECRET });
  });

  test("keeps the value of the variable in no file of Terraform", () => {
    const files = readdirSync(project.folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
    const holding = files
      .map(({ parentPath, name }) => join(parentPath, name))
      .filter((path) => !path.includes("/.cdk-nomad/") && readFileSync(path, "utf8").includes("a secret with"));
    expect(files.length).toBeGreaterThan(3);
    expect(holding).toEqual([]);
  });

  test("again changes nothing, and a higher version writes the value anew", async () => {
    expect((await run("diff")).stdout).toMatch(UNCHANGED);
    const said = await run("deploy", { TF_VAR_api_key: "another one", KEY_VERSION: "2" }, "--auto-approve");
    expect([said.code, said.stdout]).toEqual([0, expect.stringContaining("1 changed")]);
    expect((await shop().variable("nomad/jobs/web"))?.Items).toEqual({ api_key: "another one" });
  });

  test("cdk-nomad says of each that only Terraform brings it", async () => {
    const env = { ...cluster.environment, TF_VAR_api_key: SECRET };
    const deployed = await project.run(["deploy", "dev"], env);
    expect([deployed.code, deployed.stderr]).toEqual([
      1,
      expect.stringMatching(/is a nomad_namespace[^]*is a nomad_variable|is a nomad_variable[^]*is a nomad_namespace/),
    ]);
    const drift = await project.run(["drift", "dev"], env);
    const words = (text: string) => text.replaceAll(/\s+/g, " ");
    expect([drift.code, words(drift.stderr)]).toEqual([
      0,
      expect.stringContaining("dev/shop/namespace (nomad_namespace) is not looked at, since only Terraform brings it"),
    ]);
    expect(JSON.parse((await project.run(["drift", "dev", "--json"], env)).stdout)).toMatchObject({
      terraformOnly: expect.arrayContaining([{ path: "dev/gpu/pool", type: "nomad_node_pool" }]) as unknown,
    });
  });

  test("goes again, the namespace last", async () => {
    const said = await run("destroy", {}, "--auto-approve");
    expect([said.code, said.stdout + said.stderr]).toEqual([0, expect.stringContaining("Destroy complete")]);
    expect(await cluster.nomad.jobs()).toEqual([]);
  });
});
