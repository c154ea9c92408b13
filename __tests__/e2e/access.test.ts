import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cacheFolder, getBinary, SILENT } from "../../lib/local";
import { NomadClient, nomadConnection } from "../../lib/nomad";
import { Project } from "../support/project";

/** A Nomad that asks everybody for a token. */
const project = new Project();
const PORT = 4646 + 15000;
const address = `http://127.0.0.1:${PORT}`;
let agent: ChildProcess;

beforeAll(async () => {
  const { path } = await getBinary("nomad", { cache: cacheFolder(), env: process.env, progress: SILENT });
  const config = join(project.folder, "secured.json");
  const data = join(project.folder, "secured");
  mkdirSync(data);
  const options = { "fingerprint.denylist": "env_aws,env_gce,env_azure,env_digitalocean" };
  writeFileSync(
    config,
    JSON.stringify({
      data_dir: data,
      ports: { http: PORT, rpc: PORT + 1, serf: PORT + 2 },
      acl: { enabled: true },
      client: { options },
    }),
  );
  agent = spawn(path, ["agent", "-dev", `-config=${config}`], { stdio: "ignore" });
  const nomad = new NomadClient(nomadConnection({ NOMAD_ADDR: address }));
  for (let tries = 0; tries < 150; tries += 1) {
    if (await nomad.leader().catch(() => undefined)) break;
    await sleep(200);
  }
  await nomad.close();
}, 60_000);

afterAll(async () => {
  agent.kill("SIGTERM");
  await new Promise((resolve) => agent.once("close", resolve));
  await project.remove();
}, 30_000);

describe("a cluster that asks for a token", () => {
  test.each([
    ["none", undefined, "wants a token"],
    ["a wrong one", "11111111-2222-3333-4444-555555555555", "refuses the token"],
  ])(
    "refuses %s, and nothing is deployed",
    async (_name, token, words) => {
      const said = await project.run(["deploy", "dev"], { NOMAD_ADDR: address, NOMAD_TOKEN: token });
      const text = said.stderr.replaceAll(/\s+/g, " ");
      expect(said.code).toBe(1);
      expect(text).toContain(`Nomad ${words}`);
      expect(text).toContain("NOMAD_TOKEN");
      expect(text).not.toContain(token ?? "    at ");
    },
    30_000,
  );
});
