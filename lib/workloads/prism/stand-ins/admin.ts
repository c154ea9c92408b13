import { createServer } from "node:http";
import { Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";
import { ControlPlane, type Acknowledgement, type Registration } from "./control-plane";
import { introduce, LISTEN, log, onStop, readFlags } from "./flags";

/**
 * Stands in for prism-admin: answers grpc.health.v1, takes the registrations and heartbeats of launchers, and says how many it knows in Prometheus' format,
 * where its port for that is free.
 */
const flags = readFlags({ port: "8981", "grpc-port": "8981", "metrics-port": "9090", listen: LISTEN });
introduce("prism-admin");

const server = new Server();
const health = new HealthImplementation({ "": "SERVING" });
health.addToServer(server);

const launchers = new Map<string, Registration>();
server.addService(ControlPlane.service, {
  RegisterLauncher(call: ServerUnaryCall<Registration, Acknowledgement>, answer: sendUnaryData<Acknowledgement>) {
    const { launcherId, address, region } = call.request;
    launchers.set(launcherId, call.request);
    log(`launcher ${launcherId} registered from ${address} (region ${region || "local"}); ${launchers.size} known`);
    answer(null, { success: true, message: `welcome, ${launcherId}` });
  },
  LauncherHeartbeat(
    call: ServerUnaryCall<{ launcherId: string }, Acknowledgement>,
    answer: sendUnaryData<Acknowledgement>,
  ) {
    const known = launchers.has(call.request.launcherId);
    answer(null, { success: known, message: known ? "" : "register first" });
  },
});

const address = `${flags.listen}:${flags.port}`;
server.bindAsync(address, ServerCredentials.createInsecure(), (error) => {
  if (error) {
    log(`cannot listen on ${address}: ${error.message}`);
    process.exit(1);
  }
  log(`control plane on ${address}`);
});

const metrics = createServer((request, answer) => {
  const known = request.url === "/metrics";
  answer.writeHead(known ? 200 : 404, { "content-type": "text/plain; version=0.0.4" });
  const help = "# HELP prism_admin_launchers Launchers that have registered.\n# TYPE prism_admin_launchers gauge\n";
  answer.end(known ? `${help}prism_admin_launchers ${launchers.size}\n` : "");
});
const metricsPort = Number(flags["metrics-port"]);
metrics.once("error", (error) => log(`no metrics: ${error.message}`));
metrics.listen(metricsPort, flags.listen, () => log(`metrics on ${flags.listen}:${metricsPort}/metrics`));

onStop(() => {
  metrics.close();
  metrics.closeAllConnections();
  health.setStatus("", "NOT_SERVING");
  server.tryShutdown(() => process.exit(0));
});
