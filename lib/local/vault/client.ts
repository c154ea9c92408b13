import { readFileSync } from "node:fs";
import { Agent, request } from "undici";
import * as v from "valibot";
import { ForeignAnswer, ReadableError } from "../../errors";
import { type ApiPath, apiPath, sizeInWords, textOf, TooLargeError } from "../../nomad";

/** How long the server may say nothing, in milliseconds. */
const SILENCE = 15_000;
/** How long an answer may take in all, also one that comes bit by bit, in milliseconds. */
const WHOLE = 60_000;
/** Answers of what is asked here have some KB. */
const LARGEST = 4 * 1024 * 1024;

const errors = v.object({ errors: v.array(v.string()) });
const health = v.object({ initialized: v.boolean(), sealed: v.boolean(), standby: v.boolean() });

/** What the server said no to. What was sent is not repeated: it may be a secret. */
class VaultError extends ReadableError {
  override readonly name = "VaultError";
  readonly code = "server";

  constructor(
    readonly status: number,
    method: string,
    path: ApiPath,
    said: string,
  ) {
    super(`Vault answered ${method} ${path.toString()} with ${status}: ${said}`);
    this.quietly("status");
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
  /** How long an answer may take in all, in milliseconds. Default: a minute */
  readonly whole?: number;
}

/** What the embedded cluster asks of OpenBao's or Vault's API. https://openbao.org/api-docs/ */
export class VaultClient {
  readonly #token: string | undefined;
  readonly #dispatcher: Agent;
  readonly #whole: number;

  constructor(
    private readonly address: string,
    { token, caFile, isAnybody = false, socket, whole = WHOLE }: VaultClientOptions = {},
  ) {
    this.#token = token;
    this.#whole = whole;
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
    const path = apiPath`/v1/sys/health`;
    return this.read(health, (await this.send("GET", path)).text, "GET", path);
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
    return this.read(schema, await this.answered(method, path, body), method, path);
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

  /** What is said in JSON. @throws ForeignAnswer where that is not what was asked for; no value of it is repeated, which may be secret */
  private read<S extends v.GenericSchema<unknown>>(
    schema: S,
    text: string,
    method: string,
    path: ApiPath,
  ): v.InferOutput<S> {
    let answer: unknown;
    try {
      answer = JSON.parse(text);
    } catch {
      throw this.foreign(method, path, "it is no JSON");
    }
    const read = v.safeParse(schema, answer, { abortEarly: true });
    if (read.success) return read.output;
    const place = v.getDotPath(read.issues[0]) ?? "the whole answer";
    throw this.foreign(method, path, `${place} is not as it should be`);
  }

  private foreign(method: string, path: ApiPath, what: string): ForeignAnswer {
    return new ForeignAnswer(
      `the answer to ${method} ${path.toString()} is not one of Vault's: ${what}; look whether something else answers at ${this.address}`,
    );
  }

  private async send(method: "GET" | "PUT" | "POST", path: ApiPath, body?: object) {
    const response = await request(`${this.address}${path.toString()}`, {
      method,
      headers: this.#token === undefined ? {} : { "X-Vault-Token": this.#token },
      body: body === undefined ? undefined : JSON.stringify(body),
      dispatcher: this.#dispatcher,
      signal: AbortSignal.timeout(this.#whole),
    });
    try {
      return { status: response.statusCode, text: await textOf(response.body as AsyncIterable<Uint8Array>, LARGEST) };
    } catch (error) {
      if (error instanceof TooLargeError)
        throw this.foreign(method, path, `it is larger than ${sizeInWords(error.limit)}`);
      if (error instanceof Error && error.name === "TimeoutError")
        throw this.foreign(method, path, `it has no end after ${Math.round(this.#whole / 1000)} s`);
      throw error;
    }
  }
}

function saidIn(text: string): string {
  try {
    return v.parse(errors, JSON.parse(text)).errors.join("; ") || "nothing else";
  } catch {
    return "nothing else";
  }
}
