import { UserError } from "../../errors";
import type { BasicAuth, Connection } from "./connection";

/** The longest path of a socket that every system takes, in bytes. */
const LONGEST_SOCKET = 103;
const SOCKET = "unix://";

/** What is known of an address beside its text. */
export interface AddressOptions {
  /** The variable that has it, for messages. */
  readonly variable: string;
  /** Whether HTTPS is asked for by another variable, and which; never changed back to HTTP by the address's scheme. */
  readonly secure?: { readonly variable: string };
  /** What is to be written instead, where it is none. */
  readonly example: string;
}

/**
 * An address as it is shown, and the credentials that stand in it.
 *
 * @throws UserError where it is none; credentials are not repeated
 */
export function readAddress(value: string, options: AddressOptions): Pick<Connection, "address" | "basicAuth"> {
  const { variable, secure, example } = options;
  if (isSocket(value)) return { address: readSocket(value, options) };
  const scheme = secure ? "https" : "http";
  const whole = value.includes("://") ? value : `${scheme}://${value}`;
  if (!URL.canParse(whole) || !/^https?:/i.test(whole))
    throw UserError.at(variable, `"${withoutCredentials(value)}" is no address; write ${example}, say`, "address");
  const url = new URL(whole);
  if (secure) url.protocol = "https:";
  if (url.search !== "" || url.hash !== "")
    throw UserError.at(
      variable,
      `an address has no ${url.search === "" ? "fragment (#…)" : "query (?…)"}; write its scheme, host, port and path alone: ${example}, say`,
      "address",
    );
  const hasAuth = url.username !== "" || url.password !== "";
  // What has no credentials stays as it was written.
  const asWritten = !whole.includes("@") && !(secure && /^http:/i.test(whole));
  const address = asWritten ? whole : `${url.protocol}//${url.host}${url.pathname.replace(/\/$/, "")}`;
  return hasAuth
    ? { address, basicAuth: { user: decoded(url.username), password: decoded(url.password) } }
    : { address };
}

/** The path of the socket that an address names; undefined where it names a host. */
export function socketOf(address: string): string | undefined {
  return isSocket(address) ? address.slice(SOCKET.length) : undefined;
}

/** `user:password`, or the user alone. */
export function credentialsOf(auth: string | undefined): BasicAuth | undefined {
  if (!auth) return undefined;
  const colon = auth.indexOf(":");
  return colon < 0 ? { user: auth, password: "" } : { user: auth.slice(0, colon), password: auth.slice(colon + 1) };
}

/** The header of basic authentication. */
export function basicHeader({ user, password }: BasicAuth): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

/** Whatever stands before the last `@` may be a password. */
export function withoutCredentials(address: string): string {
  return address.replace(/^([a-z]+:\/\/)?.*@/is, "$1");
}

export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function isSocket(address: string): boolean {
  return address.slice(0, SOCKET.length).toLowerCase() === SOCKET;
}

function readSocket(value: string, { variable, secure }: AddressOptions): string {
  const path = value.slice(SOCKET.length);
  if (!path.startsWith("/") || path.includes("\0"))
    throw UserError.at(variable, "a socket is named by its whole path; write unix:///run/agent.sock, say", "address");
  const length = Buffer.byteLength(path);
  if (length > LONGEST_SOCKET)
    throw UserError.at(
      variable,
      `the path of the socket has ${length} bytes, and a system takes ${LONGEST_SOCKET}; write a shorter one, or a link to it`,
      "address",
    );
  if (secure)
    throw UserError.at(
      secure.variable,
      `HTTPS over a socket (${variable}) is not supported; unset one of the two`,
      "address",
    );
  return `${SOCKET}${path}`;
}
