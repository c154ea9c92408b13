import { X509Certificate } from "node:crypto";
import * as v from "valibot";
import { apiPath, type JobJson } from "../../lib/nomad";
import { clusterForSuite } from "../support/cluster";
import { findEnvoy } from "../support/envoy";
import { Project } from "../support/project";
import { until } from "../support/until";

const cluster = clusterForSuite({ program: Project.SMALL_JOBS, acl: "closed" });

/** Registers a job of HCL, which the server itself reads. */
async function register(JobHCL: string): Promise<void> {
  const body = { JobHCL, Canonicalize: true };
  await cluster.nomad.register(
    (await cluster.nomad.http.post(apiPath`/v1/jobs/parse`, v.unknown(), { body })) as JobJson,
  );
}

async function eventsOf(job: string, Namespace = "default"): Promise<string> {
  return JSON.stringify(
    (await cluster.nomad.where({ Namespace }).allocations(job)).map(({ TaskStates }) => TaskStates),
  );
}

async function isRunning(job: string, Namespace = "default"): Promise<boolean> {
  const allocations = await cluster.nomad.where({ Namespace }).allocations(job);
  return allocations.length > 0 && allocations.every(({ ClientStatus }) => ClientStatus === "running");
}

/** A job whose task speaks the mesh's TLS itself, with a certificate that a template gives it. */
const native = (job: string, { task = job, namespace = "default" } = {}) => `
job "${job}" {
  namespace = "${namespace}"
  group "g" {
    network {
      port "tls" {}
    }
    service {
      name = "${job}"
      port = "tls"
      task = "${task}"
      connect { native = true }
    }
    task "${task}" {
      driver = "raw_exec"
      consul {}
      config {
        command = "${process.execPath}"
        args    = ["-e", <<END
const pem = require("node:fs").readFileSync("local/leaf.pem");
const answer = (_, response) => response.end("through the mesh");
const own = { cert: pem, key: pem, ca: pem, requestCert: true };
require("node:https").createServer(own, answer).listen(Number(process.env.NOMAD_PORT_tls), "127.0.0.1");
END
        ]
      }
      template {
        data        = "{{ with caLeaf \`web\` }}{{ .CertPEM }}{{ .PrivateKeyPEM }}{{ end }}{{ range caRoots }}{{ .RootCertPEM }}{{ end }}"
        destination = "local/leaf.pem"
        change_mode = "noop"
      }
      resources {
        cpu    = 50
        memory = 96
      }
    }
  }
}`;

test("a template has the certificate of the service of its job's name, and of no other", async () => {
  await cluster.nomad.http.post(apiPath`/v1/namespace/other`, v.unknown(), { body: { Name: "other" } });
  // Before anybody has it: an agent of Consul hands out what it has to whoever asks.
  for (const thief of [native("thief"), native("thief", { task: "web" }), native("web", { namespace: "other" })]) {
    const Namespace = thief.includes('namespace = "other"') ? "other" : "default";
    const id = Namespace === "other" ? "web" : "thief";
    await register(thief);
    const events = () => eventsOf(id, Namespace);
    await until("that it is refused", async () => (await events()).includes("Missing: connect.caleaf(web)"));
    expect(await isRunning(id, Namespace)).toBe(false);
    await cluster.nomad.where({ Namespace }).deregister(id, { purge: true });
    await until("its end", async () => (await cluster.nomad.where({ Namespace }).jobs()).length === 0);
  }
  await register(native("web"));
  await until("the task that has it", () => isRunning("web"));
  const [allocation] = await cluster.nomad.allocations("web");
  const path = `/v1/client/fs/cat/${allocation?.ID}?path=web/local/leaf.pem`;
  const pem = await (await cluster.ask("nomad", path)).text();
  expect(new X509Certificate(pem).subjectAltName).toMatch(/^URI:spiffe:.*\/svc\/web$/);
});

test("a job whose name no service may have logs in all the same, and reads", async () => {
  await cluster.consul.setValue("kept", "a value");
  await register(`
job "Upper.Case" {
  group "g" {
    task "Some.Task" {
      driver = "raw_exec"
      consul {}
      config {
        command = "/bin/sh"
        args    = ["-c", "grep 'a value' local/kept && exec sleep 3600"]
      }
      template {
        data        = "{{ key \`kept\` }}"
        destination = "local/kept"
      }
      resources {
        cpu    = 50
        memory = 32
      }
    }
  }
}`);
  await until("the task that read", () => isRunning("Upper.Case"));
  expect(await eventsOf("Upper.Case")).not.toContain("Missing");
});

const envoy = findEnvoy();
if (envoy === undefined)
  console.log("skipped: gateways of the mesh; there is no envoy on PATH, nor one that CDK_NOMAD_ENVOY names");
const withEnvoy = envoy === undefined ? test.skip : test;

withEnvoy(
  "an ingress gateway leads requests to a service of the mesh, and a mesh gateway is told what it needs",
  async () => {
    // On the port of its service an Envoy says that it is ready; a listener has another.
    const [edge, wan, listener] = [cluster.port(3), cluster.port(4), cluster.port(5)];
    const proxy = (id: number) => `
        sidecar_task {
          driver = "raw_exec"
          // In the host's network Nomad takes Consul's usual port, whatever its own configuration says.
          env {
            CONSUL_GRPC_ADDR = "127.0.0.1:${8502 + cluster.offset}"
          }
          config {
            command = "${envoy}"
            args    = ["-c", "\${NOMAD_SECRETS_DIR}/envoy_bootstrap.json", "--base-id", "${process.pid % 30000}${id}", "-l", "warn"]
          }
          resources {
            cpu    = 100
            memory = 128
          }
        }`;
    await register(`
job "gateways" {
  group "edge" {
    network {
      mode = "host"
      port "in" { static = ${edge} }
    }
    service {
      name = "edge"
      port = "in"
      connect {
        gateway {
          proxy {}
          ingress {
            listener {
              port     = ${listener}
              protocol = "tcp"
              service { name = "web" }
            }
          }
        }${proxy(1)}
      }
    }
  }
  group "between" {
    network {
      mode = "host"
      port "mesh_wan" { static = ${wan} }
    }
    service {
      name = "mesh-gateway"
      port = "mesh_wan"
      connect {
        gateway {
          mesh {}
          proxy {}
        }${proxy(2)}
      }
    }
  }
}`);
    const get = async (url: string) => {
      try {
        return await (await fetch(url, { signal: AbortSignal.timeout(5000) })).text();
      } catch {
        return undefined;
      }
    };
    await until(
      "an answer through the gateway",
      async () => (await get(`http://127.0.0.1:${listener}/`)) === "through the mesh",
    );
    // Nomad has an Envoy's own interface beside the gateway's port, at another address of loopback.
    await until("the listener of the mesh gateway", async () =>
      Boolean((await get(`http://127.0.0.2:${wan}/listeners`))?.includes(`:${wan}`)),
    );
    expect(await get(`http://127.0.0.2:${wan}/ready`)).toBe("LIVE\n");
  },
);
