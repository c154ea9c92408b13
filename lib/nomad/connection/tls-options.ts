import { readdirSync, statSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import { checkServerIdentity, createSecureContext, rootCertificates, type ConnectionOptions } from "node:tls";
import { UserError } from "../../errors";
import { readNamedFileNow, whyUnread } from "../../reading";
import type { Connection } from "./connection";
import { variableOf, type SettingName } from "./settings";

/** What a connection over TLS is opened with. */
export type TlsOptions = Pick<
  ConnectionOptions,
  "secureContext" | "servername" | "checkServerIdentity" | "rejectUnauthorized"
>;

/** Every CA that there is takes less than a hundredth of it. */
const PEM = { most: 64 * 1024 * 1024 };
const CERTIFICATE = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/;

/**
 * What a connection's TLS is made of. Its files are read once, and also where the address is not one of HTTPS, so that a wrong path is told
 * at once.
 *
 * @throws UserError with the variable, where a file cannot be read or is not what it should be
 */
export function tlsOptionsOf({ name, address, tls = {} }: Connection): TlsOptions {
  const { ca, caPath, cert, key, serverName, skipVerify = false } = tls;
  const authorities = ca === undefined ? caPath && authoritiesIn(caPath, name) : certificates(ca, name, "ca");
  const pair = {
    cert: cert === undefined ? undefined : fileOf(cert, name, "cert"),
    key: key === undefined ? undefined : fileOf(key, name, "key"),
  };
  if (!/^https:/i.test(address)) return {};
  return {
    secureContext: contextOf({ ca: authorities || trusted(tls.machineCas ?? []), ...pair }, name),
    rejectUnauthorized: !skipVerify,
    ...(serverName === undefined ? {} : namedServer(serverName)),
  };
}

/** What a connection over TLS is opened with to what is none of the two servers, such as a proxy: the machine's CAs are trusted. */
export function trustOptionsOf(machineCas: readonly string[]): TlsOptions {
  return { secureContext: createSecureContext({ ca: trusted(machineCas) }) };
}

/** A name is asked for and verified; an address cannot be asked for, and is verified only. */
function namedServer(serverName: string): TlsOptions {
  if (isIP(serverName) === 0) return { servername: serverName };
  return { checkServerIdentity: (_host, certificate) => checkServerIdentity(serverName, certificate) };
}

function contextOf(material: Parameters<typeof createSecureContext>[0], name: string) {
  try {
    return createSecureContext(material);
  } catch (error) {
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    throw UserError.at(
      variableOf(name, "cert") ?? "",
      `the certificate and its key cannot be used (${code}); write files of PEM that belong together, the key without a password`,
      "tls",
    );
  }
}

/** Node's own CAs with those of the machine; undefined where it has no others. */
function trusted(machineCas: readonly string[]): string[] | undefined {
  const texts = machineCas.flatMap((file) => {
    try {
      const text = readNamedFileNow(file, PEM).toString("utf8");
      return CERTIFICATE.test(text) ? [text] : [];
    } catch {
      return [];
    }
  });
  return texts.length === 0 ? undefined : [...rootCertificates, ...texts];
}

/** Every certificate of a folder and of those below it. */
function authoritiesIn(folder: string, name: string): Buffer[] {
  const found = filesBelow(folder, name).map((file) => certificates(file, name, "caPath"));
  if (found.length === 0) throw refused(name, "caPath", `there is no file in ${folder}; write a folder of PEM files`);
  return found;
}

function filesBelow(folder: string, name: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesBelow(path, name);
      // What is mounted by Kubernetes has a link to a folder beside its files.
      return statSync(path).isFile() ? [path] : [];
    });
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw unreadableFile(folder, name, "caPath", error);
  }
}

function certificates(path: string, name: string, setting: SettingName): Buffer {
  const content = fileOf(path, name, setting);
  if (CERTIFICATE.test(content.toString("latin1"))) return content;
  throw refused(name, setting, `there is no certificate in ${path}; write the path of a PEM file`);
}

function fileOf(path: string, name: string, setting: SettingName): Buffer {
  try {
    return readNamedFileNow(path, PEM);
  } catch (error) {
    throw unreadableFile(path, name, setting, error);
  }
}

function unreadableFile(path: string, name: string, setting: SettingName, error: unknown): UserError {
  const what = setting === "caPath" ? "a folder of PEM files" : "a PEM file";
  return refused(name, setting, `${path} ${whyUnread(error)}; write the path of ${what}`);
}

function refused(name: string, setting: SettingName, message: string): UserError {
  return UserError.at(variableOf(name, setting) ?? "", message, "tls");
}
