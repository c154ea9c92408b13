import { UserError } from "../jobspec";
import type { Connection } from "./connection";

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Variables of Nomad's own command. https://developer.hashicorp.com/nomad/docs/commands#environment-variables */
const NOMAD_VARIABLES = [
  "NOMAD_ADDR",
  "NOMAD_TOKEN",
  "NOMAD_REGION",
  "NOMAD_NAMESPACE",
  "NOMAD_CACERT",
  "NOMAD_CLIENT_CERT",
  "NOMAD_CLIENT_KEY",
  "NOMAD_SKIP_VERIFY",
  "NOMAD_HTTP_AUTH",
] as const;

/** Variables of Consul's own command. https://developer.hashicorp.com/consul/commands#environment-variables */
const CONSUL_VARIABLES = [
  "CONSUL_HTTP_ADDR",
  "CONSUL_HTTP_TOKEN",
  "CONSUL_HTTP_SSL",
  "CONSUL_HTTP_SSL_VERIFY",
  "CONSUL_HTTP_AUTH",
  "CONSUL_NAMESPACE",
  "CONSUL_CACERT",
  "CONSUL_CLIENT_CERT",
  "CONSUL_CLIENT_KEY",
] as const;

type Variables<Names extends readonly string[]> = Readonly<Partial<Record<Names[number], string | undefined>>>;

/** An environment that names no cluster: without every variable from which {@link nomadConnection} and {@link consulConnection} are made. */
export function withoutConnections(env: Environment): Environment {
  const names = new Set<string>([...NOMAD_VARIABLES, ...CONSUL_VARIABLES]);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.has(name)));
}

const NOMAD_ADDRESS = "http://127.0.0.1:4646";
const CONSUL_ADDRESS = "http://127.0.0.1:8500";

/**
 * Where Nomad is, and who asks, from the variables that its own command reads, such as NOMAD_ADDR and NOMAD_TOKEN. Credentials may stand in
 * the address too.
 *
 * @param fallback the address where NOMAD_ADDR says none. Default: http://127.0.0.1:4646
 * @throws UserError where NOMAD_ADDR is no address
 * @see https://developer.hashicorp.com/nomad/docs/commands#environment-variables
 */
export function nomadConnection(env: Variables<typeof NOMAD_VARIABLES>, fallback = NOMAD_ADDRESS): Connection {
  return {
    name: "Nomad",
    ...addressOf("NOMAD_ADDR", env.NOMAD_ADDR || fallback, {
      secure: false,
      auth: env.NOMAD_HTTP_AUTH,
      example: NOMAD_ADDRESS,
    }),
    token: env.NOMAD_TOKEN ? { header: "X-Nomad-Token", value: env.NOMAD_TOKEN } : undefined,
    query: {
      ...(env.NOMAD_REGION ? { region: env.NOMAD_REGION } : {}),
      ...(env.NOMAD_NAMESPACE ? { namespace: env.NOMAD_NAMESPACE } : {}),
    },
    tls: tlsOf(env.NOMAD_CACERT, env.NOMAD_CLIENT_CERT, env.NOMAD_CLIENT_KEY, env.NOMAD_SKIP_VERIFY),
    hint: "start one here with cdk-nomad up, or write its address into NOMAD_ADDR",
    permission: nomadPermission,
  };
}

/**
 * Where Consul is, and who asks, from the variables that its own command reads, such as CONSUL_HTTP_ADDR and CONSUL_HTTP_TOKEN. Credentials
 * may stand in the address too.
 *
 * @param fallback the address where CONSUL_HTTP_ADDR says none. Default: http://127.0.0.1:8500
 * @throws UserError where CONSUL_HTTP_ADDR is no address
 * @see https://developer.hashicorp.com/consul/commands#environment-variables
 */
export function consulConnection(env: Variables<typeof CONSUL_VARIABLES>, fallback = CONSUL_ADDRESS): Connection {
  return {
    name: "Consul",
    ...addressOf("CONSUL_HTTP_ADDR", env.CONSUL_HTTP_ADDR || fallback, {
      secure: env.CONSUL_HTTP_SSL === "true",
      auth: env.CONSUL_HTTP_AUTH,
      example: CONSUL_ADDRESS,
    }),
    token: env.CONSUL_HTTP_TOKEN ? { header: "X-Consul-Token", value: env.CONSUL_HTTP_TOKEN } : undefined,
    query: env.CONSUL_NAMESPACE ? { ns: env.CONSUL_NAMESPACE } : {},
    tls: tlsOf(
      env.CONSUL_CACERT,
      env.CONSUL_CLIENT_CERT,
      env.CONSUL_CLIENT_KEY,
      env.CONSUL_HTTP_SSL_VERIFY === "false" ? "true" : undefined,
    ),
    hint: "start one here with cdk-nomad up, or write its address into CONSUL_HTTP_ADDR",
  };
}

/** Capabilities of a namespace. https://developer.hashicorp.com/nomad/docs/other-specifications/acl-policy#namespace-rules */
function nomadPermission(method: string, path: string): string | undefined {
  if (path.startsWith("/v1/client/fs/")) return "the capability read-logs";
  if (/^\/v1\/client\/allocation\/[^/]+\/exec$/.test(path))
    return "the capability alloc-exec, and alloc-node-exec where the driver isolates nothing, as raw_exec";
  if (path.startsWith("/v1/acl/") || path.startsWith("/v1/node")) return undefined;
  if (/^\/v1\/vars?(\/|$)/.test(path))
    return `the right to ${method === "GET" ? "list and read" : "write and destroy"} the variable`;
  if (/\/plan$/.test(path)) return "the capability plan-job, or submit-job where Nomad does not know that";
  if (/\/scale$/.test(path)) return "the capability scale-job";
  return method === "GET" ? "the capability read-job" : "the capability submit-job";
}

/** The address, and the credentials that stand in it or in a variable of their own: `user:password`, or the user alone. */
function addressOf(
  variable: string,
  value: string,
  { secure, auth, example }: { readonly secure: boolean; readonly auth: string | undefined; readonly example: string },
): Pick<Connection, "address" | "basicAuth"> {
  const whole = value.includes("://") ? value : `${secure ? "https" : "http"}://${value}`;
  if (!URL.canParse(whole) || !/^https?:/i.test(whole))
    throw UserError.at(variable, `"${withoutCredentials(value)}" is no address; write ${example}, say`, "address");
  const url = new URL(whole);
  const basicAuth =
    url.username !== "" || url.password !== ""
      ? { user: decoded(url.username), password: decoded(url.password) }
      : credentialsOf(auth);
  // What has no credentials stays as it was written.
  const shown = whole.includes("@") ? `${url.protocol}//${url.host}${url.pathname.replace(/\/$/, "")}` : whole;
  return { address: shown, ...(basicAuth ? { basicAuth } : {}) };
}

function credentialsOf(auth: string | undefined): Connection["basicAuth"] {
  if (!auth) return undefined;
  const colon = auth.indexOf(":");
  return colon < 0 ? { user: auth, password: "" } : { user: auth.slice(0, colon), password: auth.slice(colon + 1) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Whatever stands before the last `@` may be a password. */
function withoutCredentials(address: string): string {
  return address.replace(/^([a-z]+:\/\/)?.*@/is, "$1");
}

function tlsOf(ca?: string, cert?: string, key?: string, skip?: string): Connection["tls"] {
  const skipVerify = skip !== undefined && /^(1|t|true)$/i.test(skip);
  if (!ca && !cert && !key && !skipVerify) return undefined;
  return { ca: ca || undefined, cert: cert || undefined, key: key || undefined, skipVerify };
}
