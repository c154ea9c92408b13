import { execFile, spawn, type ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { agentEnvironment } from "../../lib/local";
import { ConsulClient, consulConnection, NomadClient, nomadConnection } from "../../lib/nomad";
import { binaryHere } from "../support/binaries";
import { failure } from "../support/failure";
import { MutualTls, SERVER_NAMES } from "../support/mutual-tls";
import { reservePorts, type ReservedPorts } from "../support/ports";
import { environment } from "../support/run-cli";
import { Project } from "../support/project";
import { until } from "../support/until";

/** A real Nomad and a real Consul, closed in ways that the embedded ones are not: certificates of both sides, and a socket. */
const run = promisify(execFile);

let tls: MutualTls;
let opened: { close(): Promise<void> }[] = [];
let paths: Readonly<Record<"nomad" | "consul", string>>;

beforeAll(async () => {
  tls = new MutualTls();
  const [nomad, consul] = [await binaryHere("nomad"), await binaryHere("consul")];
  paths = { nomad: nomad.path, consul: consul.path };
});
afterEach(async () => {
  for (const one of opened.reverse()) await one.close();
  opened = [];
});

let ports: ReservedPorts;
const agents: ChildProcess[] = [];
const http = (name: "nomad" | "consul") => ports.port(name === "nomad" ? 0 : 1);
const nomadAddress = () => `https://127.0.0.1:${http("nomad")}`;
const mine = (prefix: "NOMAD" | "CONSUL") => ({ ...tls.trusting(prefix), ...tls.identified(prefix) });
const nomadEnv = () => ({ NOMAD_ADDR: nomadAddress(), ...mine("NOMAD") });
const consulSocket = () => join(tls.folder, "consul.sock");

beforeAll(async () => {
  ports = await reservePorts();
  const loopback = "127.0.0.1";
  const { authority, server } = tls;
  const files = { ca_file: authority.file, cert_file: server.certFile, key_file: server.keyFile };
  const configs = {
    nomad: {
      bind_addr: loopback,
      data_dir: join(tls.folder, "nomad"),
      advertise: { http: loopback, rpc: loopback, serf: loopback },
      ports: { http: http("nomad"), rpc: ports.port(2), serf: ports.port(3) },
      server: { enabled: true, bootstrap_expect: 1 },
      tls: { http: true, verify_https_client: true, ...files },
      consul: { address: `${loopback}:${ports.port(9)}` },
      disable_update_check: true,
    },
    consul: {
      server: true,
      bootstrap_expect: 1,
      bind_addr: loopback,
      data_dir: join(tls.folder, "consul"),
      addresses: { http: `unix://${consulSocket()}`, https: loopback },
      ports: {
        http: ports.port(4),
        https: http("consul"),
        grpc: -1,
        grpc_tls: -1,
        dns: -1,
        server: ports.port(5),
        serf_lan: ports.port(6),
        serf_wan: -1,
      },
      tls: { https: { verify_incoming: true, ...files } },
      disable_update_check: true,
    },
  };
  for (const name of ["nomad", "consul"] as const) {
    const file = join(tls.folder, `${name}.json`);
    writeFileSync(file, JSON.stringify(configs[name]));
    const config = `${name === "nomad" ? "-config" : "-config-file"}=${file}`;
    const agent = spawn(paths[name], ["agent", config], { stdio: "ignore", env: agentEnvironment(process.env) });
    agents.push(agent);
  }
  const nomad = new NomadClient(nomadConnection(nomadEnv()));
  const consul = new ConsulClient(consulConnection({ CONSUL_HTTP_ADDR: `unix://${consulSocket()}` }));
  try {
    const leads = (one: NomadClient | ConsulClient) => one.leader().catch(() => undefined);
    await until("leaders", async () => Boolean((await leads(nomad)) && (await leads(consul))));
  } finally {
    await Promise.all([nomad.close(), consul.close()]);
  }
});
afterAll(async () => {
  for (const agent of agents) {
    const gone = new Promise((resolve) => agent.once("exit", resolve));
    agent.kill("SIGKILL");
    await gone;
  }
  await ports.release();
  tls.remove();
});

test("a Nomad that wants certificates is asked with one, and says what is missing without", async () => {
  const nomad = new NomadClient(nomadConnection(nomadEnv()));
  const without = new NomadClient(nomadConnection({ NOMAD_ADDR: nomadAddress(), ...tls.trusting("NOMAD") }));
  opened.push(nomad, without);
  expect(await nomad.jobs()).toEqual([]);
  expect((await failure(without.jobs()))?.message).toMatch(
    /wants another certificate of its clients, or any; .* into NOMAD_CLIENT_CERT and NOMAD_CLIENT_KEY/,
  );
});

test("HTTP at a port of HTTPS is said as that", async () => {
  const nomad = new NomadClient(nomadConnection({ NOMAD_ADDR: nomadAddress().replace("https", "http") }));
  opened.push(nomad);
  expect((await failure(nomad.jobs()))?.message).toMatch(
    /^NOMAD_ADDR: what listens at .* speaks HTTPS; write https:\/\//,
  );
});

test("a port of another protocol is said as that", async () => {
  const nomad = new NomadClient(nomadConnection({ NOMAD_ADDR: `http://127.0.0.1:${ports.port(2)}` }));
  opened.push(nomad);
  expect((await failure(nomad.jobs()))?.message).toMatch(/Nomad does not answer at .*NOMAD_ADDR/);
});

test("a Consul is reached over its socket, and over TLS with a certificate", async () => {
  const consul = new ConsulClient(consulConnection({ CONSUL_HTTP_ADDR: `unix://${consulSocket()}` }));
  const secure = new ConsulClient(
    consulConnection({ CONSUL_HTTP_ADDR: `127.0.0.1:${http("consul")}`, CONSUL_HTTP_SSL: "true", ...mine("CONSUL") }),
  );
  opened.push(consul, secure);
  await consul.setValue("app/a", "b");
  expect(await secure.value("app/a")).toBe("b");
  const { stdout } = await run(paths.consul, ["kv", "get", "app/a"], {
    env: environment({ CONSUL_HTTP_ADDR: `unix://${consulSocket()}` }),
  });
  expect(stdout.trim()).toBe("b");
});

test.each([
  ["CONSUL_NAMESPACE", "apps"],
  ["CONSUL_PARTITION", "west"],
])("%s, which only an Enterprise Consul has, is refused by its name", async (variable, value) => {
  const consul = new ConsulClient(
    consulConnection({ CONSUL_HTTP_ADDR: `unix://${consulSocket()}`, [variable]: value }),
  );
  opened.push(consul);
  expect((await failure(consul.value("app/a")))?.message).toMatch(
    new RegExp(`^${variable}: the Consul at unix:.* has none, which is a feature of Consul Enterprise; unset it`),
  );
});

test("each where the other should be is said as that once, by commands too", async () => {
  const project = new Project(Project.SMALL_JOBS);
  try {
    project.change({ jobs: [{ id: "web" }, { id: "worker" }, { id: "mailer" }] });
    const swapped = {
      NOMAD_ADDR: `unix://${consulSocket()}`,
      CONSUL_HTTP_ADDR: nomadAddress(),
      ...tls.trusting("CONSUL", SERVER_NAMES.NOMAD),
      ...tls.identified("CONSUL"),
    };
    for (const command of ["status", "deploy"]) {
      const said = await project.run([command, "dev"], swapped);
      const text = said.stderr.replaceAll(/\s+/g, " ");
      const times = text.split(/NOMAD_ADDR: a Consul answers at unix:/).length - 1;
      expect([command, said.code, times, text]).toEqual([command, 1, 1, expect.any(String)]);
    }
    const consul = new ConsulClient(consulConnection(swapped));
    opened.push(consul);
    expect((await failure(consul.services()))?.message).toMatch(/^CONSUL_HTTP_ADDR: a Nomad answers at https:/);
  } finally {
    await project.remove();
  }
});
