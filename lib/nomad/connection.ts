/** How to reach an HTTP API of HashiCorp's kind. */
export interface Connection {
  /** Its name in messages: Nomad or Consul. */
  readonly name: string;
  /** Its address, with the scheme and without credentials: it is shown in messages. */
  readonly address: string;
  /** Credentials of HTTP's basic authentication, which a proxy in front of the API may ask for. */
  readonly basicAuth?: { readonly user: string; readonly password: string };
  /** The header that the token is sent in, and the token. */
  readonly token?: { readonly header: string; readonly value: string };
  /** Sent with every request. */
  readonly query?: Readonly<Record<string, string>>;
  /** Paths of TLS files. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string; readonly skipVerify?: boolean };
  /** What to try where it cannot be reached. */
  readonly hint: string;
  /** What a token must be allowed for a request, where that can be told. */
  readonly permission?: (method: string, path: string) => string | undefined;
  /** How long its silence is borne, in milliseconds, before and within an answer. Default: 12 s. */
  readonly silence?: number;
  /**
   * How many sessions (execs) are open at once; others wait in the order in which they came. Nomad answers 429 from the hundredth connection
   * of an address on. Default: 40.
   */
  readonly execs?: number;
}

/** What a request may have along. */
export interface RequestOptions {
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
  readonly body?: unknown;
  /** A body that is sent as it stands. */
  readonly text?: string;
  readonly signal?: AbortSignal;
  /**
   * Whether nothing may be left out of the answer: Consul leaves out what the token may not read, and says so in a header. Default: it is
   * read as it comes.
   */
  readonly complete?: boolean;
}
