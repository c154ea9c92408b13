import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TerraformStack } from "cdktf";
import { SynthesizedStack } from "../../lib/testing";
import { createApp } from "../../main";

const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the pools' service", () => {
  interface ServiceTask {
    readonly Driver: string;
    readonly Config: { readonly args: readonly string[]; readonly image?: string };
    readonly Env: Readonly<Record<string, string>>;
    readonly Identity: { readonly Env: boolean };
    readonly Services: readonly { readonly Name: string; readonly Checks: readonly { readonly Path: string }[] }[];
  }
  const jobsOf = (name: string, inputs: { readonly portOffset?: number; readonly project?: string } = {}) => {
    const app = createApp({ app: { outdir: join(folder, "t") }, inputs });
    return SynthesizedStack.fromStack(app.node.findChild(name) as TerraformStack).jobs();
  };
  const taskOf = (name: string, inputs: { readonly portOffset?: number; readonly project?: string } = {}) => {
    const found = jobsOf(name, inputs).find(({ ID }) => ID === "pool-service");
    return (found as unknown as { TaskGroups: [{ Tasks: [ServiceTask] }] }).TaskGroups[0].Tasks[0];
  };

  test("is a process of dev that this machine alone reaches, with the tokens of the project's private folder", () => {
    const { Driver, Config, Env, Services } = taskOf("dev", { project: "/srv/project", portOffset: 1000 });
    expect([Driver, Config.args.slice(-1)]).toEqual(["raw_exec", ["serve"]]);
    expect(Env).toMatchObject({
      NOMAD_ADDR: "http://127.0.0.1:5646",
      CONSUL_HTTP_ADDR: "http://127.0.0.1:9500",
      POOL_SERVICE_LISTEN: "127.0.0.1",
      POOL_SERVICE_POOLS: "warm-pool-openai,warm-pool-anthropic,warm-pool-google",
      POOL_SERVICE_RUNTIME: "raw_exec",
      POOL_SERVICE_TOKENS: "/srv/project/.cdk-nomad/pool-service/tokens.jsonl",
    });
    expect(Services).toMatchObject([{ Name: "pool-service", Checks: [{ Type: "http", Path: "/healthz" }] }]);
  });

  test.each(["staging", "prod"])(
    "is a container of %s with an identity of its own, and tokens in a variable",
    (name) => {
      const { Driver, Config, Env, Identity } = taskOf(name);
      expect([Driver, Config.image, Identity.Env]).toEqual(["docker", "cdk-nomad-service:0.1.0", true]);
      expect(Env).toMatchObject({
        POOL_SERVICE_TOKENS_VARIABLE: "nomad/jobs/pool-service",
        POOL_SERVICE_RUNTIME: "docker",
      });
    },
  );

  test.each(["dev", "staging", "prod"])("lets no second owner into a pool of %s that keeps nothing apart", (name) => {
    const metas = jobsOf(name).flatMap(({ Meta }) => (Meta ? [Meta] : []));
    expect(metas.length).toBeGreaterThan(0);
    for (const meta of metas) expect(meta).not.toHaveProperty("shared_without_isolation");
  });
});
