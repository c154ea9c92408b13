import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ConsulClient } from "../../lib/nomad";
import { clusterForSuite } from "../support/cluster";

/** A program of Prometheus: in the folder that is named, else on PATH. */
const program = (name: string) => join(process.env.CDK_NOMAD_PROMETHEUS ?? "", name);
const there = spawnSync(program("prometheus"), ["--version"]).error === undefined;
if (!there)
  console.log(
    "skipped: what Prometheus finds; there is no prometheus on PATH or in the folder CDK_NOMAD_PROMETHEUS (Debian's package prometheus has it)",
  );
const withPrometheus = there ? describe : describe.skip;

/** What the documents say to write, for services that have the tag `prometheus`. */
const configuration = (discovery: object) => ({
  global: { scrape_interval: "1s", scrape_timeout: "1s" },
  scrape_configs: [
    {
      job_name: "consul",
      ...discovery,
      relabel_configs: [
        {
          source_labels: ["__address__", "__meta_consul_service_metadata_prometheus_port"],
          regex: "([^:]+)(?::\\d+)?;(\\d+)",
          replacement: "$1:$2",
          target_label: "__address__",
        },
        {
          source_labels: ["__meta_consul_service_metadata_prometheus_path"],
          regex: "(.+)",
          target_label: "__metrics_path__",
        },
        { source_labels: ["__meta_consul_service"], target_label: "service" },
      ],
    },
  ],
});

/** Whether a Prometheus takes a configuration; the reason where it does not. */
function refusalOf(folder: string, discovery: object): string | undefined {
  const file = join(folder, "tried.yml");
  writeFileSync(file, JSON.stringify(configuration(discovery)), { mode: 0o600 });
  const { status, stdout, stderr } = spawnSync(program("promtool"), ["check", "config", file], { encoding: "utf8" });
  return status === 0 ? undefined : `${stdout}${stderr}`.trim();
}

interface Targets {
  readonly data: {
    readonly activeTargets: readonly {
      readonly labels: Readonly<Record<string, string>>;
      readonly scrapeUrl: string;
      readonly health: string;
      readonly lastError: string;
    }[];
  };
}

/** What a Prometheus with the discovery of Consul makes of the admin's service. */
async function targetsIn(consul: ConsulClient): Promise<readonly object[]> {
  const instances = await consul.instances("prism-admin", { complete: true });
  return instances.map(({ Service, Node }) => ({
    targets: [`${Service.Address || Node.Address}:${Service.Port}`],
    labels: {
      __meta_consul_service: Service.Service,
      ...Object.fromEntries(
        Object.entries(Service.Meta).map(([key, value]) => [
          `__meta_consul_service_metadata_${key.replaceAll(/\W/g, "_")}`,
          value,
        ]),
      ),
    },
  }));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

withPrometheus("Prometheus", () => {
  const cluster = clusterForSuite();
  const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-prometheus-"));
  let prometheus: ChildProcess | undefined;

  afterAll(async () => {
    if (prometheus?.exitCode === null) {
      const exit = once(prometheus, "exit");
      prometheus.kill();
      await exit;
    }
    rmSync(folder, { recursive: true, force: true });
  });

  test("finds the admin of Prism by what its service says of itself, and gets its metrics", async () => {
    const deployed = await cluster.project.run(["deploy", "dev"], cluster.environment);
    expect([deployed.code, deployed.stderr]).toEqual([0, expect.stringContaining("prism-stack")]);
    const { CONSUL_HTTP_ADDR: consul = "", CONSUL_HTTP_TOKEN: token = "" } = cluster.environment;
    const server = consul.replace(/^https?:\/\//, "");
    let discovery: object = { consul_sd_configs: [{ server, token, tags: ["prometheus"], refresh_interval: "1s" }] };
    const refusal = refusalOf(folder, discovery);
    if (refusal !== undefined) {
      // Debian builds it without: what it would ask Consul for is written into a file, with the labels that it would make of it.
      console.log(
        `this Prometheus does not ask Consul by itself, and is told what Consul has: ${refusal.slice(0, 200)}`,
      );
      const file = join(folder, "targets.json");
      const targets = await targetsIn(cluster.consul);
      writeFileSync(file, JSON.stringify(targets));
      discovery = { file_sd_configs: [{ files: [file] }] };
    }
    const config = join(folder, "prometheus.yml");
    // JSON is YAML too.
    writeFileSync(config, JSON.stringify(configuration(discovery)), { mode: 0o600 });
    const listen = `127.0.0.1:${await freePort()}`;
    prometheus = spawn(
      program("prometheus"),
      [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, "data")}`, `--web.listen-address=${listen}`],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    let said = "";
    prometheus.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const targets = async (): Promise<Targets["data"]["activeTargets"]> => {
      const answer = await fetch(`http://${listen}/api/v1/targets`).catch(() => undefined);
      return answer?.ok ? ((await answer.json()) as Targets).data.activeTargets : [];
    };
    let found = await targets();
    for (
      let look = 0;
      look < 600 && prometheus.exitCode === null && !found.some(({ health }) => health === "up");
      look += 1
    ) {
      await sleep(100);
      found = await targets();
    }
    expect([prometheus.exitCode, said.slice(-500)]).toEqual([null, expect.any(String)]);
    const port = 9090 + cluster.offset;
    expect(
      found.map(({ labels, scrapeUrl, health, lastError }) => [labels.service, scrapeUrl, health, lastError]),
    ).toEqual([["prism-admin", `http://127.0.0.1:${port}/metrics`, "up", ""]]);
    const query = await fetch(`http://${listen}/api/v1/query?query=prism_admin_launchers`);
    expect(await query.json()).toMatchObject({ data: { result: [{ metric: { service: "prism-admin" } }] } });
  });
});
