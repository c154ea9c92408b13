import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Authority, type Certificate } from "./certificates";

/** The names that real servers have, by which they are known whatever their address is. */
export const SERVER_NAMES = { NOMAD: "server.global.nomad", CONSUL: "server.dc1.consul" } as const;

/** Certificates of servers and of a client that trust each other, in a folder of a test's own. */
export class MutualTls {
  readonly folder = mkdtempSync(join(tmpdir(), "cdk-nomad-tls-"));
  readonly authority = new Authority(this.folder);
  readonly server: Certificate = this.authority.issue(
    "server",
    Object.values(SERVER_NAMES).map((name) => `DNS:${name}`),
  );
  readonly client: Certificate = this.authority.issue("client", ["DNS:client"]);

  /** Variables by which a server is trusted. @param name that its certificate must be for. Default: the server's own */
  trusting(prefix: keyof typeof SERVER_NAMES, name: string = SERVER_NAMES[prefix]): Readonly<Record<string, string>> {
    return { [`${prefix}_CACERT`]: this.authority.file, [`${prefix}_TLS_SERVER_NAME`]: name };
  }

  /** Variables by which a server knows the client. */
  identified(prefix: keyof typeof SERVER_NAMES): Readonly<Record<string, string>> {
    return { [`${prefix}_CLIENT_CERT`]: this.client.certFile, [`${prefix}_CLIENT_KEY`]: this.client.keyFile };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
