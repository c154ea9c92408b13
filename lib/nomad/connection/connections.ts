import { UserError } from "../../errors";
import { readNamedFileNow, whyUnread } from "../../reading";
import { credentialsOf, readAddress, socketOf } from "./address";
import type { Connection, TlsSettings } from "./connection";
import { machineCas } from "./machine-cas";
import { nomadPermission } from "./permissions";
import { proxyFor } from "./proxies";
import { SETTINGS, SettingsReader, type Environment } from "./settings";

const NOMAD_ADDRESS = "http://127.0.0.1:4646";
const CONSUL_ADDRESS = "http://127.0.0.1:8500";

/**
 * Where Nomad is, and who asks, from the variables that its own command reads, such as NOMAD_ADDR and NOMAD_TOKEN, and the proxy from
 * HTTP_PROXY, HTTPS_PROXY and NO_PROXY. Credentials may stand in the address too; they go before NOMAD_HTTP_AUTH.
 *
 * @param fallback the address where NOMAD_ADDR says none. Default: http://127.0.0.1:4646
 * @throws UserError with every variable that is wrong, or not supported, and what to write instead
 * @see https://developer.hashicorp.com/nomad/docs/commands#environment-variables
 */
export function nomadConnection(env: Environment, fallback = NOMAD_ADDRESS): Connection {
  const settings = new SettingsReader(SETTINGS.Nomad, env);
  const token = settings.text("token");
  const file = settings.text("tokenFile");
  if (file !== undefined && token === undefined)
    settings.refuse("tokenFile", `Nomad's command does not read it; write NOMAD_TOKEN=$(cat ${file})`);
  const region = settings.text("region");
  const namespace = settings.text("namespace");
  const found = {
    name: "Nomad",
    ...placeOf(settings, { env, fallback, example: NOMAD_ADDRESS }),
    ...(token === undefined ? {} : { token: { header: "X-Nomad-Token", value: token } }),
    query: { ...(region === undefined ? {} : { region }), ...(namespace === undefined ? {} : { namespace }) },
    hint: "start one here with npx cdk-nomad up, or write its address into NOMAD_ADDR",
    permission: nomadPermission,
  };
  const tls = tlsOf(settings, settings.truth("skipVerify") ?? false);
  settings.finish();
  return { ...found, tls: { ...tls, machineCas: machineCasFor(found.address, env) } };
}

/**
 * Where Consul is, and who asks, from the variables that its own command reads, such as CONSUL_HTTP_ADDR and CONSUL_HTTP_TOKEN, and the
 * proxy from HTTP_PROXY, HTTPS_PROXY and NO_PROXY. Credentials may stand in the address too; they go before CONSUL_HTTP_AUTH.
 *
 * @param fallback the address where CONSUL_HTTP_ADDR says none. Default: http://127.0.0.1:8500
 * @throws UserError with every variable that is wrong, or not supported, and what to write instead
 * @see https://developer.hashicorp.com/consul/commands#environment-variables
 */
export function consulConnection(env: Environment, fallback = CONSUL_ADDRESS): Connection {
  const settings = new SettingsReader(SETTINGS.Consul, env);
  const token = settings.try(() => tokenIn(settings)) ?? settings.text("token");
  const ns = settings.text("namespace");
  const partition = settings.text("partition");
  const secure = settings.truth("ssl") ? { variable: settings.variable("ssl") } : undefined;
  const found = {
    name: "Consul",
    ...placeOf(settings, { env, fallback, example: CONSUL_ADDRESS, secure }),
    ...(settings.text("address") === undefined ? { isAssumed: true as const } : {}),
    ...(token === undefined ? {} : { token: { header: "X-Consul-Token", value: token } }),
    query: { ...(ns === undefined ? {} : { ns }), ...(partition === undefined ? {} : { partition }) },
    hint: "start one here with npx cdk-nomad up, or write its address into CONSUL_HTTP_ADDR",
  };
  const tls = tlsOf(settings, settings.truth("verify") === false);
  settings.finish();
  return { ...found, tls: { ...tls, machineCas: machineCasFor(found.address, env) } };
}

/** What of a connection is secret: nothing that is printed may have it. */
export function secretsOf({ token, basicAuth, proxy }: Connection): readonly string[] {
  return [token?.value, basicAuth?.password, proxy?.basicAuth?.password].filter((value) => value !== undefined);
}

interface PlaceOptions {
  readonly env: Environment;
  readonly fallback: string;
  readonly example: string;
  readonly secure?: { readonly variable: string } | undefined;
}

/** Where a server is, the credentials for what stands in front of it, and the proxy on the way. */
function placeOf(
  settings: SettingsReader,
  { env, fallback, example, secure }: PlaceOptions,
): Pick<Connection, "address" | "basicAuth" | "proxy"> {
  const variable = settings.variable("address");
  const found = settings.try(() => readAddress(settings.text("address") ?? fallback, { variable, secure, example }));
  if (!found) return { address: "" };
  const { address, basicAuth = credentialsOf(settings.text("auth")) } = found;
  const isSocket = socketOf(address) !== undefined;
  const proxy = isSocket ? undefined : settings.try(() => proxyFor(new URL(address), env));
  return { address, ...(basicAuth ? { basicAuth } : {}), ...(proxy ? { proxy } : {}) };
}

function tlsOf(settings: SettingsReader, skipVerify: boolean): TlsSettings {
  const [cert, key] = [settings.text("cert"), settings.text("key")];
  if ((cert === undefined) !== (key === undefined)) {
    const [named, missing] = cert === undefined ? (["key", "cert"] as const) : (["cert", "key"] as const);
    settings.refuse(named, `a certificate and its key belong together; write ${settings.variable(missing)} too`);
  }
  return {
    ca: settings.text("ca"),
    caPath: settings.text("caPath"),
    cert,
    key,
    // A port behind it is none of the name.
    serverName: settings.text("serverName")?.replace(/^([^:]+|\[.*\]):\d*$/, "$1"),
    skipVerify,
  };
}

/** Files of CAs are looked for where an address is one of HTTPS. */
function machineCasFor(address: string, env: Environment): readonly string[] {
  return /^https:/i.test(address) ? machineCas(env) : [];
}

/** In bytes. Signed tokens have some thousands. */
const LARGEST_TOKEN = 1024 * 1024;

/** The token of the file that a variable names; undefined where there is none in it. */
function tokenIn(settings: SettingsReader): string | undefined {
  const file = settings.text("tokenFile");
  if (file === undefined) return undefined;
  try {
    return readNamedFileNow(file, { most: LARGEST_TOKEN }).toString("utf8").trim() || undefined;
  } catch (error) {
    throw UserError.at(
      settings.variable("tokenFile"),
      `${file} ${whyUnread(error)}; write the path of a file with a token`,
      "connection",
    );
  }
}
