import type { FastifyInstance, InjectOptions } from "fastify";
import {
  createService,
  createToken,
  Tokens,
  tokenText,
  type Scope,
  type Service,
  type ServiceOptions,
  type ServiceParts,
} from "../../lib/service";
import { compiledSchemas } from "./compiled-schemas";
import { PoolsInMemory } from "./pools-in-memory";

/** A service over pools in memory, with tokens that a test makes. */
export interface TestService extends Service {
  readonly pools: PoolsInMemory;
  /** Makes a token that counts at once. */
  token(owner: string, ...scopes: readonly Scope[]): string;
  /** What its routes share. */
  readonly parts: ServiceParts;
  /** Takes every token of an owner away. */
  forget(owner: string): void;
  /** Asks as whoever has a token; JSON goes in and comes out. */
  ask(
    token: string,
    method: InjectOptions["method"],
    url: string,
    body?: object,
    headers?: Record<string, string>,
  ): Promise<Said>;
}

/** An answer. */
export interface Said {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Record<string, unknown>;
  readonly text: string;
}

/** Makes one; nothing listens. */
export async function testService(
  options: Partial<ServiceOptions> & { readonly pools?: PoolsInMemory } = {},
): Promise<TestService> {
  const pools = options.pools ?? new PoolsInMemory();
  let lines: string[] = [];
  let shared: ServiceParts | undefined;
  let time = 0;
  const tokens = new Tokens(
    { name: "tokens", interval: 0, read: () => Promise.resolve(lines.join("\n")) },
    () => (time += 1),
  );
  const plugins: ServiceOptions["plugins"] = [
    ...(options.plugins ?? []),
    (_app, parts) => {
      shared = parts;
      return { close: () => undefined };
    },
  ];
  // Whoever asks from the very loop that answers keeps it from pausing, and is not too many.
  const loop = { now: () => 0, idle: () => 0 };
  const usual = { tokens, now: () => performance.now(), loop, version: "0.0.0", schemaController: compiledSchemas };
  const service = await createService({ ...usual, ...options, plugins, pools });
  return {
    ...service,
    pools,
    get parts() {
      if (!shared) throw new Error("the routes were not added yet");
      return shared;
    },
    forget: (owner) => (lines = lines.filter((line) => !line.includes(`"owner":"${owner}"`))),
    token: (owner, ...scopes) => {
      const made = createToken({ owner, scopes });
      lines.push(tokenText(made.line));
      return made.token;
    },
    ask: (token, method, url, body, headers) => ask(service.app, token, method, url, body, headers),
  };
}

async function ask(
  app: FastifyInstance,
  token: string,
  method: InjectOptions["method"],
  url: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<Said> {
  const answer = await app.inject({
    method,
    url,
    headers: { ...(token === "" ? {} : { authorization: `Bearer ${token}` }), ...headers },
    ...(body === undefined ? {} : { payload: body }),
  });
  return { status: answer.statusCode, headers: answer.headers, body: parsed(answer.body), text: answer.body };
}

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
