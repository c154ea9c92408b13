import { createServer } from "node:http";

/** Stands in for a sandbox: answers GET /health with its slots. */
const port = Number(process.env.SANDBOX_PORT);
const slots = Number(process.env.SANDBOX_SLOTS);
// A container is reached from outside of it: its image says so.
const host = process.env.STAND_IN_LISTEN || "127.0.0.1";

const server = createServer((request, response) => {
  if (request.url !== "/health") {
    response.writeHead(404).end();
    return;
  }
  response
    .writeHead(200, { "content-type": "application/json" })
    .end(JSON.stringify({ status: "ok", slots, standIn: true }));
});
server.on("error", (error) => {
  console.error(`cannot listen: ${error.message}`);
  process.exit(1);
});
server.listen(port, host, () => console.log(`STAND-IN for a sandbox of ${slots} slots on ${host}:${port}`));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => server.close());
