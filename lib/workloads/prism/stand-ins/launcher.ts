import { readdirSync } from "node:fs";
import { createServer } from "node:http";
import { credentials, Server, ServerCredentials } from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";
import { ControlPlane, type Acknowledgement } from "./control-plane";
import { introduce, LISTEN, log, onStop, readFlags } from "./flags";

/** Stands in for pattern-launcher: registers with its admin, sends heartbeats, and answers GET /health. */
const flags = readFlags({
  "admin-endpoint": "",
  "launcher-id": "launcher-01",
  "grpc-port": "8982",
  "health-port": "9093",
  "patterns-dir": "./patterns",
  region: "local",
});
introduce("pattern-launcher");

const endpoint = flags["admin-endpoint"] ?? "";
if (endpoint === "") {
  log("no --admin-endpoint: whoever started this did not wait for a healthy admin");
  process.exit(1);
}
const launcherId = flags["launcher-id"] ?? "";
log(`patterns in ${flags["patterns-dir"]}: ${patterns(flags["patterns-dir"] ?? "").join(", ") || "none"}`);

function patterns(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

const server = new Server();
new HealthImplementation({ "": "SERVING" }).addToServer(server);
server.bindAsync(`${LISTEN}:${flags["grpc-port"]}`, ServerCredentials.createInsecure(), (error) => {
  if (error) {
    log(`cannot listen: ${error.message}`);
    process.exit(1);
  }
  log(`gRPC on ${LISTEN}:${flags["grpc-port"]}`);
});

let registered = false;
const admin = new ControlPlane(endpoint, credentials.createInsecure());

function register(): void {
  const registration = {
    launcherId,
    address: `127.0.0.1:${flags["grpc-port"]}`,
    region: flags.region,
    version: "0.0.0",
    maxProcesses: 20,
  };
  admin.RegisterLauncher?.(registration, (error: Error | null, answer?: Acknowledgement) => {
    registered = !error && answer?.success === true;
    log(
      registered
        ? `registered with ${endpoint}: ${answer?.message}`
        : `registration with ${endpoint} failed: ${error?.message ?? answer?.message}`,
    );
    if (!registered) setTimeout(register, 1000).unref();
  });
}
register();

const heartbeat = setInterval(() => {
  admin.LauncherHeartbeat?.(
    // eslint-disable-next-line no-restricted-properties -- the message has the time of day
    { launcherId, timestamp: Math.floor(Date.now() / 1000) },
    (error: Error | null, answer?: Acknowledgement) => {
      if (error || !answer?.success) {
        log(`heartbeat failed: ${error?.message ?? answer?.message}`);
        register();
      }
    },
  );
}, 30_000);

const http = createServer((request, response) => {
  if (request.url !== "/health") {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(registered ? 200 : 503).end(registered ? "healthy: stand-in\n" : "not registered with an admin\n");
});
http.on("error", (error) => {
  log(`cannot listen: ${error.message}`);
  process.exit(1);
});
http.listen(Number(flags["health-port"]), LISTEN, () => log(`GET /health on ${LISTEN}:${flags["health-port"]}`));

onStop(() => {
  clearInterval(heartbeat);
  http.close();
  admin.close();
  server.tryShutdown(() => process.exit(0));
});
