import { connect, isIP, Socket } from "node:net";
import { connect as connectSecurely } from "node:tls";
import { Agent, Client, Pool, ProxyAgent, type Dispatcher } from "undici";
import type { ClientOptions } from "ws";
import {
  basicHeader,
  machineCas,
  proxyFor,
  socketOf,
  tlsOptionsOf,
  trustOptionsOf,
  type Connection,
  type Environment,
  type Proxy,
  type TlsOptions,
} from "./connection";
import { CONNECT_TIMEOUT, TunnelError } from "./failure";

/**
 * A server counts the connections of each client, and Nomad answers 429 from the hundredth on; so many are open at once, and whatever
 * else is asked waits its turn.
 */
const CONNECTIONS = 32;

/** The way to a server, for requests and for WebSockets alike: over TLS or not, over a socket, through a proxy. */
export interface Transport {
  readonly dispatcher: Dispatcher;
  /**
   * What `ws` opens a WebSocket with.
   *
   * @throws TunnelError where a proxy refuses
   */
  webSocketOptions(url: URL, signal?: AbortSignal): Promise<ClientOptions>;
}

/**
 * The way to a connection's server.
 *
 * @throws UserError where a file of its TLS cannot be used
 */
export function transportFor(connection: Connection): Transport {
  const { address, proxy, tls: settings } = connection;
  const tls = tlsOptionsOf(connection);
  const path = socketOf(address);
  if (path !== undefined) {
    const toSocket = { timeout: CONNECT_TIMEOUT, socketPath: path };
    return {
      dispatcher: new Agent({ connections: CONNECTIONS, connect: toSocket }),
      webSocketOptions: () => Promise.resolve({ createConnection: () => connect({ path }) }),
    };
  }
  const isSecure = /^https:/i.test(address);
  if (proxy) return throughProxy(proxy, isSecure, tls, trustOptionsOf(settings?.machineCas ?? []));
  const secured = (url: URL) => ({
    createConnection: () => connectSecurely({ ...secureTo(url, tls), port: Number(url.port || 443) }),
  });
  return {
    dispatcher: new Agent({ connections: CONNECTIONS, connect: { timeout: CONNECT_TIMEOUT, ...tls } }),
    webSocketOptions: (url) => Promise.resolve(isSecure ? secured(url) : {}),
  };
}

/** The way to an address that is neither server's, through the proxy that an environment names for it. It is to be closed. */
export function dispatcherFor(address: string, env: Environment): Dispatcher {
  const proxy = proxyFor(new URL(address), env);
  const tls = { machineCas: machineCas(env) };
  return transportFor({ name: "", hint: "", address, tls, ...(proxy ? { proxy } : {}) }).dispatcher;
}

/** As Go does: HTTPS and WebSockets through a tunnel, and HTTP by asking the proxy for the whole address. */
function throughProxy(proxy: Proxy, isSecure: boolean, tls: TlsOptions, trust: TlsOptions): Transport {
  const authorization = proxy.basicAuth && basicHeader(proxy.basicAuth);
  const headers: Readonly<Record<string, string>> = authorization ? { "proxy-authorization": authorization } : {};
  const toProxy = { timeout: CONNECT_TIMEOUT, ...trust };
  const dispatcher = isSecure
    ? new ProxyAgent({
        uri: proxy.address,
        token: authorization,
        connections: CONNECTIONS,
        proxyTls: toProxy,
        requestTls: { timeout: CONNECT_TIMEOUT, ...tls },
        // The tunnel itself is waited for no longer than an answer.
        clientFactory: (origin, options) => new Pool(origin, { ...options, headersTimeout: CONNECT_TIMEOUT }),
      })
    : new Agent({ connections: CONNECTIONS, connect: toProxy }).compose(askingFor(proxy.address, headers));
  return {
    dispatcher,
    webSocketOptions: async (url, signal) => {
      const client = new Client(proxy.address, { connect: toProxy, headersTimeout: CONNECT_TIMEOUT });
      const socket = await tunnel(client, { url, headers, signal });
      return { createConnection: () => (isSecure ? connectSecurely({ ...secureTo(url, tls), socket }) : socket) };
    },
  };
}

/** Opens a tunnel through a proxy. */
async function tunnel(
  client: Client,
  { url, headers, signal }: { url: URL; headers: Readonly<Record<string, string>>; signal: AbortSignal | undefined },
): Promise<Socket> {
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  try {
    const path = `${url.hostname}:${port}`;
    const { socket, statusCode } = await client.connect({ path, headers: { ...headers, host: path }, signal });
    if (statusCode === 200 && socket instanceof Socket) return socket;
    socket.on("error", () => undefined).destroy();
    throw new TunnelError(statusCode);
  } finally {
    void client.close();
  }
}

/** What TLS to a host is opened with: its own name is asked for, unless another is to be. */
function secureTo({ hostname }: URL, tls: TlsOptions) {
  const host = hostname.replace(/^\[|\]$/g, "");
  return { ...tls, host, servername: tls.servername ?? (isIP(host) === 0 ? host : undefined) };
}

/** Sends requests to a proxy, with the whole address of what is asked. */
function askingFor(proxy: string, more: Readonly<Record<string, string>>): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) => {
    const origin = String(options.origin).replace(/\/$/, "");
    const headers = { ...(options.headers as Readonly<Record<string, string>>), ...more, host: new URL(origin).host };
    return dispatch({ ...options, origin: proxy, path: `${origin}${options.path}`, headers }, handler);
  };
}
