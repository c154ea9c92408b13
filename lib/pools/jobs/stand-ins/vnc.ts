import { createServer, type Server } from "node:net";
import { parseArgs } from "node:util";

/** Stands in for a browser's machine: its two ports greet as a VNC server does, and it ends gracefully. */
const { values } = parseArgs({
  options: { "vnc-port": { type: "string" }, "websocket-port": { type: "string" } },
});

/** The first words of the RFB protocol, version 3.8. */
const GREETING = "RFB 003.008\n";

function listen(port: number, name: string): Server {
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.end(GREETING);
  });
  server.on("error", (error) => {
    console.error(`cannot listen: ${error.message}`);
    process.exit(1);
  });
  return server.listen(port, "127.0.0.1", () =>
    console.log(`STAND-IN for a browser's machine: ${name} on 127.0.0.1:${port}`),
  );
}

const servers = [listen(Number(values["vnc-port"]), "VNC"), listen(Number(values["websocket-port"]), "WebSocket")];
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    console.log(`${signal}: shutting the machine down`);
    for (const server of servers) server.close();
  });
}
