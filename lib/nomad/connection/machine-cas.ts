import { existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Environment } from "./settings";

/** Where systems keep the CAs that are trusted on them; the first that is there counts. https://go.dev/src/crypto/x509/root_linux.go */
const BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/tls/cacert.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/**
 * Files of the CAs that this machine trusts, as Nomad's and Consul's commands find them: SSL_CERT_FILE and SSL_CERT_DIR, else the usual
 * places; and NODE_EXTRA_CA_CERTS, which Node itself would take.
 */
export function machineCas(env: Environment): readonly string[] {
  const extra = env.NODE_EXTRA_CA_CERTS ? [env.NODE_EXTRA_CA_CERTS] : [];
  const bundle = env.SSL_CERT_FILE || BUNDLES.find((file) => existsSync(file));
  const folders = (env.SSL_CERT_DIR ?? "").split(delimiter).filter(Boolean);
  return [...(bundle === undefined ? [] : [bundle]), ...folders.flatMap(filesIn), ...extra];
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
}
