import { BlockList, isIP } from "node:net";
import { UserError } from "../../errors";
import { decoded } from "./address";
import type { Proxy } from "./connection";
import type { Environment } from "./settings";
import { isThisMachine } from "./this-machine";

/** Variables of proxies, as Go's net/http reads them; the first that says something counts. */
const PROXIES = { "http:": ["HTTP_PROXY", "http_proxy"], "https:": ["HTTPS_PROXY", "https_proxy"] } as const;
const EXCEPTIONS = ["NO_PROXY", "no_proxy"] as const;
const PORTS: Readonly<Record<string, string>> = { "http:": "80", "https:": "443" };

/**
 * The proxy through which an address is reached, as Nomad's and Consul's commands go: that of its scheme alone, and none for this machine.
 *
 * @returns undefined where it is reached without one
 * @throws UserError where the variable names no proxy of HTTP
 * @see https://pkg.go.dev/golang.org/x/net/http/httpproxy
 */
export function proxyFor(address: URL, env: Environment): Proxy | undefined {
  const { protocol } = address;
  if (protocol !== "http:" && protocol !== "https:") return undefined;
  const variable = PROXIES[protocol].find((name) => env[name]);
  const value = variable && env[variable];
  if (!value || isDirect(address, env)) return undefined;
  return readProxy(value, variable);
}

function readProxy(value: string, variable: string): Proxy {
  const whole = value.includes("://") ? value : `http://${value}`;
  const found = URL.canParse(whole) ? new URL(whole) : undefined;
  const refused = (message: string) =>
    UserError.at(variable, `${message}; write http://proxy.example:3128, say`, "proxy");
  if (!found || found.host === "") throw refused("is no address of a proxy");
  const { protocol, host, username, password } = found;
  if (protocol !== "http:" && protocol !== "https:")
    throw refused(`a proxy that is reached by ${protocol.replace(":", "")} is not supported`);
  const basicAuth =
    username !== "" || password !== "" ? { user: decoded(username), password: decoded(password) } : undefined;
  return { address: `${protocol}//${host}`, variable, ...(basicAuth ? { basicAuth } : {}) };
}

/** Whether an address is reached without a proxy: it is on this machine, or among the exceptions. */
function isDirect({ protocol, hostname, port }: URL, env: Environment): boolean {
  const host = hostname.replace(/^\[|\]$/g, "").toLowerCase();
  if (isThisMachine(hostname)) return true;
  const family = familyOf(host);
  const exceptions = EXCEPTIONS.map((name) => env[name]).find(Boolean) ?? "";
  const place = { host, family, port: port === "" ? (PORTS[protocol] ?? "") : port };
  return exceptions
    .split(",")
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry !== "" && isExcepted(place, entry));
}

type Family = "ipv4" | "ipv6";

interface Place {
  readonly host: string;
  readonly family: Family | undefined;
  readonly port: string;
}

/** Whether a host is meant by one exception: `*`, a range of addresses, an address, or a domain with what is below it; perhaps with a port. */
function isExcepted({ host, family, port }: Place, entry: string): boolean {
  if (entry === "*") return true;
  const range = /^([^/]+)\/(\d{1,3})$/.exec(entry);
  if (range) return family !== undefined && isInRange(host, family, range[1] ?? "", Number(range[2]));
  const [, bracketed, plain = "", wanted] = /^(?:\[([^\]]*)\]|(.*?))(?::(\d+))?$/.exec(entry) ?? [];
  const isAddress = isIP(entry) !== 0;
  const name = isAddress ? entry : (bracketed ?? plain);
  if (!isAddress && wanted !== undefined && wanted !== port) return false;
  if (isIP(name) !== 0) return family !== undefined && familyOf(name) === family && isInRange(host, family, name);
  if (family !== undefined || name === "") return false;
  const domain = name.replace(/^\*\./, ".");
  return domain.startsWith(".") ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`);
}

function isInRange(host: string, family: Family, network: string, bits = family === "ipv4" ? 32 : 128): boolean {
  const rangeFamily = familyOf(network);
  if (rangeFamily === undefined || bits > (rangeFamily === "ipv4" ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(network, bits, rangeFamily);
  return list.check(host, family);
}

function familyOf(host: string): Family | undefined {
  const version = isIP(host);
  return version === 0 ? undefined : version === 4 ? "ipv4" : "ipv6";
}
