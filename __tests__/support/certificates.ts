import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A certificate of a test, as files and as what a server takes. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** An authority of a test's own, in a folder of the test. */
export class Authority {
  readonly file: string;

  constructor(
    private readonly folder: string,
    private readonly name = "authority",
  ) {
    this.file = join(folder, `${name}.pem`);
    openssl("req", "-x509", ...NEW_KEY, "-subj", `/CN=${name}`, "-days", "2", "-keyout", this.key, "-out", this.file);
  }

  /** @param names such as `DNS:server.global.nomad` and `IP:127.0.0.1` */
  issue(name: string, names: readonly string[]): Certificate {
    const [keyFile, request, certFile, extensions] = ["key", "csr", "crt", "ext"].map((ending) =>
      join(this.folder, `${name}.${ending}`),
    ) as [string, string, string, string];
    openssl("req", ...NEW_KEY, "-subj", `/CN=${name}`, "-keyout", keyFile, "-out", request);
    writeFileSync(extensions, `subjectAltName=${names.join(",")}\n`);
    const signed = ["-CA", this.file, "-CAkey", this.key, "-CAcreateserial", "-days", "2", "-extfile", extensions];
    openssl("x509", "-req", "-in", request, ...signed, "-out", certFile);
    return { certFile, keyFile, cert: readFileSync(certFile), key: readFileSync(keyFile) };
  }

  get certificate(): Buffer {
    return readFileSync(this.file);
  }

  private get key(): string {
    return join(this.folder, `${this.name}.key`);
  }
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

function openssl(...args: string[]): void {
  execFileSync("openssl", args, { stdio: "ignore" });
}
