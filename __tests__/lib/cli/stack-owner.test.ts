import { ReplayServer } from "../../support/replay";
import { cli, environment } from "../../support/run-cli";
import { SynthesizedProject } from "../../support/synthesized";

const servers = { nomad: new ReplayServer(), consul: new ReplayServer() };
const projects: SynthesizedProject[] = [];
beforeAll(() => Promise.all([servers.nomad.open(), servers.consul.open()]));
afterAll(async () => {
  for (const project of projects) project.remove();
  await Promise.all([servers.nomad.close(), servers.consul.close()]);
});

const WEB = { nomad_job: { web: { jobspec: JSON.stringify({ Job: { ID: "web", TaskGroups: [] } }) } } };

async function run(name: string, declared: object | undefined, args: readonly string[]) {
  const project = new SynthesizedProject(WEB, {}, { name, declared });
  projects.push(project);
  for (const server of Object.values(servers)) server.asked.length = 0;
  const said = await cli(args, {
    cwd: project.folder,
    env: environment({ NOMAD_ADDR: servers.nomad.address, CONSUL_HTTP_ADDR: servers.consul.address }),
  });
  return { ...said, asked: servers.nomad.asked.length + servers.consul.asked.length };
}

/** Every command that changes something of a stack on its cluster. */
const CHANGING: readonly (readonly [args: readonly string[], instead: RegExp])[] = [
  [["deploy"], /write: npx cdktf deploy eu-prod, or --direct/],
  [["drift", "--fix"], /write: npx cdktf deploy eu-prod, or --direct/],
  [["promote"], /write --direct to go past it/],
  [["fail"], /write --direct to go past it/],
  [["rollback"], /write --direct to go past it/],
  [["restart"], /write --direct to go past it/],
  [["destroy", "--yes"], /write: npx cdktf destroy eu-prod, or --direct/],
];

test.each(CHANGING)(
  "%j is refused where the stack says that it is Terraform's, and no server is asked",
  async (args, instead) => {
    const said = await run("eu-prod", { owner: "terraform" }, [...args, "eu-prod"]);
    expect([said.code, said.asked]).toEqual([1, 0]);
    expect(said.stderr).toMatch(/eu-prod: goes through Terraform, with its state and its lock/);
    expect(said.stderr).toMatch(instead);
  },
);

test.each(CHANGING)("%j goes on past Terraform by name", async (args) => {
  const said = await run("eu-prod", { owner: "terraform" }, [...args, "eu-prod", "--direct"]);
  expect(said.asked).toBeGreaterThan(0);
});

test.each(["product-catalog", "prod", "production"])("%s is nobody's for its name", async (name) => {
  expect((await run(name, undefined, ["deploy", name])).asked).toBeGreaterThan(0);
  expect((await run(name, { owner: "cdk-nomad" }, ["deploy", name])).asked).toBeGreaterThan(0);
});

test.each(["preview", "drift", "status"])("%s only looks, at whosever stack", async (command) => {
  expect((await run("eu-prod", { owner: "terraform" }, [command, "eu-prod"])).asked).toBeGreaterThan(0);
});

test("an owner that is none is refused, and not taken for another one", async () => {
  const said = await run("dev", { owner: "nobody" }, ["deploy", "dev"]);
  expect([said.code, said.asked]).toEqual([1, 0]);
  expect(said.stderr).toContain('"//".cdk-nomad.owner');
});

test("a command says where it goes before it asks anything, without credentials", async () => {
  const project = new SynthesizedProject(WEB);
  projects.push(project);
  const withUser = (address: string) => address.replace("://", "://me:hunter22@");
  const said = await cli(["deploy", "dev"], {
    cwd: project.folder,
    env: environment({
      NOMAD_ADDR: withUser(servers.nomad.address),
      CONSUL_HTTP_ADDR: withUser(servers.consul.address),
    }),
  });
  expect(said.stderr).toContain(`Nomad at ${servers.nomad.address}, Consul at ${servers.consul.address}\n`);
  expect(said.stderr).not.toContain("hunter22");
  expect(said.stdout).toBe("");
});
