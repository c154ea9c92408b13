import { errors } from "undici";
import { shortened } from "../errors";
import { variableOf, type Connection } from "./connection";
import { codeOf } from "./errors";

/**
 * Why TLS or HTTP did not come about with what listens at an address, and what to write; undefined for anything else.
 *
 * @param everAnswered whether anybody has answered there
 */
export function misfit(connection: Connection, error: unknown, everAnswered: boolean): string | undefined {
  const { name, address } = connection;
  const known = (setting: Parameters<typeof variableOf>[1]) => variableOf(name, setting) ?? `the settings of ${name}`;
  const code = codeOf(error);
  // The parser's errors have its codes, and where undici does not know these, none.
  if (error instanceof errors.HTTPParserError || code?.startsWith("HPE_"))
    return `what listens at ${address} speaks no HTTP (${shortened(error instanceof Error ? error.message : (code ?? ""), 200)}); look whether ${known("address")} has the port of ${name}'s HTTP API, and nothing in between answers in its place`;
  if (code === undefined) return undefined;
  if (UNTRUSTED.has(code))
    return `the certificate at ${address} is signed by nobody who is trusted here (${code}); write the file of its CA into ${known("ca")}`;
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID")
    return `the certificate at ${address} is not valid now (${code}); look at ${name}'s certificate, and at the clocks`;
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return `the certificate at ${address} is for another name (${reasonIn(error)}); write the name that it is for into ${known("serverName")}`;
  const said = code === "EPROTO" ? String(error) : "";
  if (OF_NO_TLS.test(code) || /wrong version number/.test(said))
    return `what listens at ${address} speaks no TLS; write http:// into ${known("address")}`;
  if (OF_CLIENTS.test(code) || /alert (?:handshake failure|certificate required|bad certificate|unknown ca)/.test(said))
    return `${name} at ${address} wants another certificate of its clients, or any (${code}); write one that its CA has signed, and the key, into ${known("cert")} and ${known("key")}`;
  if (OF_VERSIONS.test(code))
    return `what listens at ${address} speaks no version of TLS that is spoken here, which are 1.2 and 1.3 (${code}); look at tls_min_version of ${name}, or at what answers in its place`;
  if (!everAnswered && /^(?:ERR_(?:SSL|TLS)_|EPROTO$)/.test(code))
    return `what listens at ${address} and this end agree on no TLS (${code}); look at the tls block of ${name}, and at ${known("serverName")}, ${known("cert")} and ${known("key")}`;
  // Under TLS 1.3 the refusal comes behind the handshake, and the client sees no more than the end of the connection.
  if (code === "UND_ERR_SOCKET" && !everAnswered && /^https:/i.test(address))
    return `what listens at ${address} closes the connection without a word, as a server does that wants another certificate of its clients, or any; if it is one, write a certificate that its CA has signed, and the key, into ${known("cert")} and ${known("key")}`;
  const broken = BROKEN_HTTP.get(code);
  if (broken !== undefined)
    return `what listens at ${address} ${broken}, which ${name} does not; look whether ${known("address")} has the port of ${name}'s HTTP API, and nothing in between answers in its place`;
  return undefined;
}

/** What an answer is that breaks the rules of HTTP, or has more headers than anybody reads. */
const BROKEN_HTTP: ReadonlyMap<string, string> = new Map([
  ["UND_ERR_HEADERS_OVERFLOW", "answers with headers that have no end"],
  ["UND_ERR_RES_CONTENT_LENGTH_MISMATCH", "says another length of its answer than that has"],
]);

/** By what is between, in messages. */
export function wayTo({ address, proxy }: Connection): string {
  return proxy ? `${address} through the proxy ${proxy.address} (${proxy.variable})` : address;
}

const UNTRUSTED = new Set([
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "CERT_UNTRUSTED",
]);
const OF_NO_TLS = /^ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST)$/;
const OF_CLIENTS =
  /^ERR_SSL_.*ALERT_(?:CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_UNKNOWN|CERTIFICATE_EXPIRED|CERTIFICATE_REVOKED|UNSUPPORTED_CERTIFICATE|HANDSHAKE_FAILURE)$/;

const OF_VERSIONS = /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|UNKNOWN_PROTOCOL|VERSION_TOO_LOW|VERSION_TOO_HIGH/;

/** The names that a certificate is for, where the error has them. */
function reasonIn(error: unknown): string {
  const { reason, cert } = error as { reason?: unknown; cert?: { subjectaltname?: unknown } };
  const said = typeof cert?.subjectaltname === "string" ? `it is for ${cert.subjectaltname}` : reason;
  return typeof said === "string" ? shortened(said, 300) : "it has none";
}
