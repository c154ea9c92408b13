import { X509Certificate } from "node:crypto";
import * as v from "valibot";
import { apiPath, type JobJson } from "../../lib/nomad";
import { clusterForSuite } from "../support/cluster";
import { Project } from "../support/project";
import { until } from "../support/until";

const cluster = clusterForSuite({ program: Project.SMALL_JOBS, access: "closed" });

/** Registers a job of HCL, which the server itself reads. */
async function register(JobHCL: string): Promise<void> {
  const body = { JobHCL, Canonicalize: true };
  await cluster.nomad.register(
    (await cluster.nomad.http.post(apiPath`/v1/jobs/parse`, v.unknown(), { body })) as JobJson,
  );
}

async function eventsOf(job: string): Promise<string> {
  return JSON.stringify((await cluster.nomad.allocations(job)).map(({ TaskStates }) => TaskStates));
}

async function isRunning(job: string): Promise<boolean> {
  const allocations = await cluster.nomad.allocations(job);
  return allocations.length > 0 && allocations.every(({ ClientStatus }) => ClientStatus === "running");
}

/** A job whose task speaks the mesh's TLS itself, with a certificate that a template gives it. */
const native = (job: string, service = job) => `
job "${job}" {
  group "g" {
    network {
      port "tls" {}
    }
    service {
      name = "${service}"
      port = "tls"
      task = "${job}"
      connect { native = true }
    }
    task "${job}" {
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

test("a template has the certificate of the service of its task's name, and of no other", async () => {
  // Before anybody has it: an agent of Consul hands out what it has to whoever asks.
  await register(native("thief"));
  await until("that it is refused", async () => (await eventsOf("thief")).includes("Missing: connect.caleaf(web)"));
  expect(await isRunning("thief")).toBe(false);
  await cluster.nomad.deregister("thief", { purge: true });
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
