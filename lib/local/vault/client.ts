import { readFileSync } from "node:fs";
import { Agent, request } from "undici";
import * as v from "valibot";
import { type ApiPath, apiPath } from "../../nomad";

/** How long the server may say nothing, in milliseconds. */
const SILENCE = 15_000;

const errors = v.object({ errors: v.array(v.string()) });
const health = v.object({ initialized: v.boolean(), sealed: v.boolean(), standby: v.boolean() });

/** What the server said no to. What was sent is not repeated: it may be a secret. */
export class VaultError extends Error {
  constructor(
    readonly status: number,
    method: string,
    path: ApiPath,
    said: string,
  ) {
    super(`Vault answered ${method} ${path.toString()} with ${status}: ${said}`);
    this.name = "VaultError";
  }
}

/** How a {@link VaultClient} asks. */
export interface VaultClientOptions {
  /** Default: none, and then hardly anything is answered. */
  readonly token?: string;
  /** The file of the authority whose certificate it must have. Default: one that the machine trusts */
  readonly caFile?: string;
  /** Whether any certificate will do; nothing secret is told then. Default: false */
  readonly isAnybody?: boolean;
  /** The socket that is asked in place of the address's port. */
  readonly socket?: string;
}

/** What the embedded cluster asks of OpenBao's or Vault's API. https://openbao.org/api-docs/ */
export class VaultClient {
  readonly #token: string | undefined;
  readonly #dispatcher: Agent;

  constructor(
    private readonly address: string,
    { token, caFile, isAnybody = false, socket }: VaultClientOptions = {},
  ) {
    this.#token = token;
    const trust = {
      ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
      ...(isAnybody ? { rejectUnauthorized: false } : {}),
    };
    this.#dispatcher = new Agent({
      headersTimeout: SILENCE,
      bodyTimeout: SILENCE,
      connect: socket === undefined ? trust : { socketPath: socket },
    });
  }

  /** Whether it has a store, and gives out what is in it; the status of the answer says the same, and is no error. */
  async health(): Promise<v.InferOutput<typeof health>> {
    return v.parse(health, JSON.parse((await this.send("GET", apiPath`/v1/sys/health`)).text));
  }

  /** Asks, and reads JSON. @throws VaultError where it refuses */
  async get<S extends v.GenericSchema<unknown>>(path: ApiPath, schema: S): Promise<v.InferOutput<S>> {
    return this.change("GET", path, schema);
  }

  /** Writes, where nothing is answered that matters. @throws VaultError where it refuses */
  async write(path: ApiPath, body: object): Promise<void> {
    await this.answered("POST", path, body);
  }

  /** Changes something, and reads what is answered. @throws VaultError where it refuses */
  async change<S extends v.GenericSchema<unknown>>(
    method: "GET" | "PUT",
    path: ApiPath,
    schema: S,
    body?: object,
  ): Promise<v.InferOutput<S>> {
    return v.parse(schema, JSON.parse(await this.answered(method, path, body)));
  }

  /** Lets go of every connection. */
  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  private async answered(method: "GET" | "PUT" | "POST", path: ApiPath, body?: object): Promise<string> {
    const { status, text } = await this.send(method, path, body);
    if (status >= 200 && status < 300) return text;
    throw new VaultError(status, method, path, saidIn(text));
  }

  private async send(method: "GET" | "PUT" | "POST", path: ApiPath, body?: object) {
    const response = await request(`${this.address}${path.toString()}`, {
      method,
      headers: this.#token === undefined ? {} : { "X-Vault-Token": this.#token },
      body: body === undefined ? undefined : JSON.stringify(body),
      dispatcher: this.#dispatcher,
    });
    return { status: response.statusCode, text: await response.body.text() };
  }
}

function saidIn(text: string): string {
  try {
    return v.parse(errors, JSON.parse(text)).errors.join("; ") || "nothing else";
  } catch {
    return "nothing else";
  }
}
