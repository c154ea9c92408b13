import { lookup } from "node:dns/promises";
import { existsSync, rmSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { parseArgs } from "node:util";
import { parseAllowed } from "./allowed";
import { egressProxy } from "./proxy";

/** The egress proxy as a program: it listens at a socket, to which QEMU connects what a guest sends to its proxy. */
const USAGE = "node egress.js --socket <path> [--allow <name, address or network>[:<port>]]…";

/** Between two looks whether its socket is there still, in milliseconds. */
const LOOK = 5000;
/** How many refusals are noted: a guest may ask as often as it likes. */
const NOTED = 1000;

function main(): void {
  const { values } = parseArgs({ options: { socket: { type: "string" }, allow: { type: "string", multiple: true } } });
  const { socket, allow = [] } = values;
  if (socket === undefined) throw new UsageError(`--socket: is missing; write ${USAGE}`);
  const allowed = allow.map((text) => {
    const entry = parseAllowed(text);
    if (entry === undefined) throw new UsageError(`--allow: "${text}" is no name, address or network; write ${USAGE}`);
    return entry;
  });
  let noted = 0;
  const server = egressProxy({
    allowed,
    resolve: async (name) => (await lookup(name, { all: true })).map(({ address }) => address),
    own: () => Object.values(networkInterfaces()).flatMap((each = []) => each.map(({ address }) => address)),
    onRefusal: (why, port) => {
      if ((noted += 1) <= NOTED) console.log(`refused: ${why}, port ${port}`);
    },
  });
  // Whoever was here before has left it.
  rmSync(socket, { force: true });
  process.umask(0o077);
  server.listen(socket, () =>
    console.log(`listening; allowed beside public addresses: ${allow.join(", ") || "nothing"}`),
  );
  const end = (code: number) => {
    server.close(() => process.exit(code));
    server.closeAllConnections();
    // Tunnels are no connections of the server's any more.
    setTimeout(() => process.exit(code), 100);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => end(0));
  // With its allocation Nomad removes its folder: whoever started it has forgotten it, and nobody else would end it.
  server.once("listening", () => {
    setInterval(() => {
      if (!existsSync(socket)) end(1);
    }, LOOK).unref();
  });
}

/** A mistake in its command line. */
class UsageError extends Error {}

try {
  main();
} catch (error) {
  if (!(error instanceof UsageError) && !(error instanceof TypeError)) throw error;
  console.error(`✗ egress: ${error.message}`);
  process.exit(2);
}
