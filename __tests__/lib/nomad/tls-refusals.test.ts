import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NomadClient, nomadConnection } from "../../../lib/nomad";
import { Authority } from "../../support/certificates";
import { failure } from "../../support/failure";
import { Listener } from "../../support/listener";

/** Every alert that ends a handshake. @see https://www.rfc-editor.org/rfc/rfc8446#section-6 and https://www.rfc-editor.org/rfc/rfc5246#section-7.2 */
const ALERTS = {
  versions: [70],
  clients: [40, 42, 43, 44, 45, 46, 48, 116],
  others: [10, 20, 22, 47, 49, 50, 51, 60, 71, 80, 86, 90, 109, 110, 112, 113, 115, 120],
};
const SAID = {
  versions: /speaks no version of TLS that is spoken here, which are 1\.2 and 1\.3/,
  clients: /wants another certificate of its clients, or any/,
  others: /and this end agree on no TLS \(.+\); look at the tls block of Nomad/,
};

async function asked(port: number): Promise<string> {
  const nomad = new NomadClient(nomadConnection({ NOMAD_ADDR: `https://127.0.0.1:${port}` }));
  const error = await failure(nomad.jobs());
  await nomad.close();
  return error?.message ?? "";
}

/** A server that answers the greeting of TLS with an alert, and nothing else. */
async function alerting(alert: number): Promise<Server> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.end(Buffer.from([21, 3, 3, 0, 2, 2, alert])));
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  return server;
}

describe("a handshake of TLS that is refused", () => {
  test.each(Object.entries(ALERTS))("by an alert about %s is said as that", async (kind, alerts) => {
    for (const alert of alerts) {
      const server = await alerting(alert);
      const said = await asked((server.address() as AddressInfo).port);
      await new Promise((resolve) => server.close(resolve));
      expect([alert, said]).toEqual([alert, expect.stringMatching(SAID[kind as keyof typeof SAID])]);
    }
  });

  test("by a server that speaks TLS 1.1 alone is said as that", async () => {
    const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-tls-"));
    const certificate = new Authority(folder).issue("old", ["IP:127.0.0.1"]);
    const only = { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
    const server = await new Listener({ tls: { ...certificate, ...only } }).open();
    try {
      expect(await asked(server.port)).toMatch(SAID.versions);
    } finally {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
