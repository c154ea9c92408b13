import { NoAnswerError, shortened, TokenRefused, UserError } from "../errors";
import { unreadable, type AnswerSource } from "./answers";
import type { ApiPath } from "./api-path";
import { isThisMachine, variableOf, type Connection } from "./connection";
import { ApiError, codeOf, refusesToken } from "./errors";
import { strangerIn, type RawAnswer } from "./stranger";
import { misfit, wayTo } from "./unreached";

/** How long a connection may take until it stands, in milliseconds. */
export const CONNECT_TIMEOUT = 10_000;
const CLOSED = new Set(["ERR_CLOSED", "UND_ERR_DESTROYED", "UND_ERR_CLOSED"]);
const TIMEOUTS = new Set(["ERR_SILENCE", "UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT", "UND_ERR_CONNECT_TIMEOUT"]);

/** Says that a server said nothing for as long as its silence is borne. */
export class SilenceError extends Error {
  readonly code = "ERR_SILENCE";
}

/** Says that a client was closed under what it had open. */
export class ClosedError extends Error {
  readonly code = "ERR_CLOSED";
}

/** Says that a proxy opens no tunnel. */
export class TunnelError extends Error {
  constructor(readonly status: number) {
    super(`the proxy answers ${status}`);
  }
}

/** Says that an answer came too slowly: it had not ended after some time, and hardly anything came any more. */
export class SlowError extends Error {
  readonly seconds: number;

  constructor(
    milliseconds: number,
    /** How much of it came, in bytes. */
    readonly size: number,
  ) {
    super("the answer comes too slowly");
    this.seconds = Math.round(milliseconds / 1000);
  }
}

/** A request whose answer is no success, or that was not answered. */
interface Asked {
  readonly connection: Connection;
  readonly method: string;
  readonly path: ApiPath;
}

/** What is known of an answer that is no success. */
export type Refused = Pick<RawAnswer, "status" | "text"> & Partial<Pick<RawAnswer, "headers">>;

/** What an answer means that is no success. */
export function refusalOf(
  { status, text, headers = {} }: Refused,
  { connection, source, method, path }: Asked & { readonly source: AnswerSource },
): Error {
  const { name, address, token, permission } = connection;
  if (status === 407 && connection.proxy) return proxyRefusal(connection);
  const enterprise = /^Invalid query parameter: "(ns|partition)"/.exec(text)?.[1];
  if (status === 400 && enterprise !== undefined)
    return UserError.at(
      variableOf(connection.name, enterprise === "ns" ? "namespace" : "partition") ?? "",
      `the Consul at ${connection.address} has none, which is a feature of Consul Enterprise; unset it`,
      "connection",
    );
  if (status === 400 && /HTTP request to an HTTPS server/i.test(text))
    return UserError.at(
      variableOf(name, "address") ?? "",
      `what listens at ${address} speaks HTTPS; write https:// into it`,
      "address",
    );
  // A proxy's page about a server that is busy or away is worth another try, and is told as such.
  const stranger = status < 500 ? strangerIn({ status, headers, text }) : undefined;
  if (stranger !== undefined) return unreadable(source, stranger);
  const at = path.toString();
  if (!refusesToken(status, text)) return new ApiError(name, method, at, status, text);
  const variable = variableOf(name, "token") ?? "its token";
  const why = token ? "refuses the token" : "wants a token";
  const needs = permission?.(method, at);
  const which = needs === undefined ? "that may" : `with ${needs}`;
  const from = connection.tokenSource?.() ?? ofEmbedded(address);
  const message = `${name} ${why} for ${method} ${at}: ${shortened(text.trim(), 2000)}; write one ${which} into ${variable}${from === undefined ? "" : `; ${from}`}`;
  return new TokenRefused(message);
}

/** Where tokens of a cluster on this machine are, which is the embedded one more often than not; which project it is of is not known here. */
function ofEmbedded(address: string): string | undefined {
  const isHere = URL.canParse(address) && isThisMachine(new URL(address).hostname);
  return isHere ? 'for the embedded cluster, in the folder of its project: eval "$(npx cdk-nomad env)"' : undefined;
}

/** Says that a proxy wants to know who asks. */
function proxyRefusal({ proxy }: Connection): UserError {
  const why = proxy?.basicAuth ? "refuses the credentials" : "wants credentials";
  const message = `the proxy ${proxy?.address ?? ""} ${why}; write http://user:password@host:port`;
  return UserError.at(proxy?.variable ?? "", message, "proxy");
}

/** What was waited for, and whether anybody has answered at the address. */
interface Waited {
  /** In milliseconds. */
  readonly silence: number;
  readonly everAnswered: boolean;
  /** Whether it was silent before, and has answered nothing since. Default: false. */
  readonly stillSilent?: boolean;
}

/** What it means that no answer came; what is neither the network's doing nor the server's stays as it is. */
export function failureOf(
  error: unknown,
  { connection, method, path, silence, everAnswered, stillSilent = false }: Asked & Waited,
): unknown {
  if (error instanceof UserError || error instanceof ApiError) return error;
  const { name, address, hint } = connection;
  const way = wayTo(connection);
  const code = codeOf(error);
  const made = (kind: NoAnswerError["kind"], message: string) => {
    const failure = new NoAnswerError(name, kind, message, stillSilent && kind === "silent");
    failure.cause = error;
    return failure;
  };
  if (error instanceof SlowError)
    return made(
      "silent",
      `${name} at ${way} took more than ${error.seconds} s to answer ${method} ${path}, and had sent ${error.size} bytes then; ${hint}`,
    );
  if (code !== undefined && CLOSED.has(code))
    return made("closed", `the connection to ${name} at ${address} was closed before ${method} ${path} was answered`);
  // What is posted is only asked: a plan, or how a text is parsed.
  const isAsked = method === "GET" || method === "POST";
  const unknown = isAsked ? "" : `; whether it did what ${method} ${path} asks for is not known`;
  if (code !== undefined && TIMEOUTS.has(code)) {
    const seconds = Math.round((code === "UND_ERR_CONNECT_TIMEOUT" ? CONNECT_TIMEOUT : silence) / 1000);
    const before = stillSilent ? " either, after it had been silent before" : "";
    const what = `${name} at ${way} said nothing for ${seconds} s to ${method} ${path}${before}${unknown}`;
    return made(
      "silent",
      `${what}; look whether its process hangs, or something between here and there drops what is sent`,
    );
  }
  const refused =
    error instanceof TunnelError ? error.status : Number(/Proxy response \((\d+)\)/.exec(messageIn(error))?.[1]);
  if (refused === 407) return proxyRefusal(connection);
  const wrong = misfit(connection, error, everAnswered);
  if (wrong !== undefined) return made("unreached", wrong);
  const kind = everAnswered ? "absent" : "unreached";
  return made(kind, `${name} does not answer at ${way} (${reasonOf(error)})${unknown}; ${hint}`);
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0)
    return [...new Set(error.errors.map((inner) => reasonOf(inner)))].join(", ");
  const code = codeOf(error);
  // Of what a proxy says there is no code.
  if (code === undefined || code === "UND_ERR_ABORTED") return messageIn(error);
  const words = OF_NAMES.get(code);
  return words === undefined ? code : `${code}: ${words}`;
}

/** What the system says of a name that it cannot look up. */
const OF_NAMES: ReadonlyMap<string, string> = new Map([
  ["ENOTFOUND", "there is no such host"],
  ["EAI_AGAIN", "there is no such host, or no server of names answers"],
  ["EAI_NODATA", "the host has no address"],
  ["EAI_NONAME", "there is no such host"],
]);

function messageIn(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
