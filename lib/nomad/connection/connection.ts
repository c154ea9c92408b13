/** How to reach an HTTP API of HashiCorp's kind. */
export interface Connection {
  /** Its name in messages: Nomad or Consul. */
  readonly name: string;
  /**
   * Its address, with the scheme and without credentials: it is shown in messages. `http://` or `https://` with a host, a port and a path below
   * which the API is, or `unix://` with the path of a socket.
   */
  readonly address: string;
  /** Whether nobody named the address, and it is the usual one. Default: somebody did. */
  readonly isAssumed?: true;
  /** Credentials of HTTP's basic authentication, which a proxy in front of the API may ask for. Default: none. */
  readonly basicAuth?: BasicAuth;
  /** The header that the token is sent in, and the token. Default: none is sent. */
  readonly token?: {
    /** The header's name, such as `X-Nomad-Token`. */
    readonly header: string;
    /** The token. */
    readonly value: string;
  };
  /** Parameters that are sent with every request. Default: none. */
  readonly query?: Readonly<Record<string, string>>;
  /** How the server is known over TLS, and the client by it. Default: by the certificate authorities of this machine, and by none. */
  readonly tls?: TlsSettings;
  /** The proxy that requests go through. Default: none. */
  readonly proxy?: Proxy;
  /** What to try where it cannot be reached. */
  readonly hint: string;
  /** Where a token for it is to be had, in words for a refusal; asked only where one refuses. Default: of a server on this machine, where those of an embedded cluster are. */
  readonly tokenSource?: (() => string | undefined) | undefined;
  /** What a token must be allowed for a request, where that can be told. Default: it is not told. */
  readonly permission?: (method: string, path: string) => string | undefined;
  /** Called before each request that may change something. Default: nobody is told. */
  readonly onChange?: () => void;
  /** How long its silence is borne, in milliseconds, before and within an answer. Default: 12 s. */
  readonly silence?: number;
  /**
   * How many sessions (execs) are open at once; others wait in the order in which they came. Nomad answers 429 from the hundredth connection
   * of an address on. Default: 40.
   */
  readonly execs?: number;
}

/** Credentials of HTTP's basic authentication. */
export interface BasicAuth {
  readonly user: string;
  readonly password: string;
}

/** How a server is known over TLS, and the client by it. Every file is one of PEM. */
export interface TlsSettings {
  /** The file of the CAs that are trusted, instead of the machine's. */
  readonly ca?: string;
  /** A folder of such files; not looked at where a file is named. */
  readonly caPath?: string;
  /** Files of CAs that are trusted beside Node's own, where neither of the two above is named. Those that are missing are left out. */
  readonly machineCas?: readonly string[];
  /** The client's certificate and its key. */
  readonly cert?: string;
  readonly key?: string;
  /** The name that the server's certificate must be for. Default: the address's host. */
  readonly serverName?: string;
  /** Whether the server's certificate is taken as it is. Default: it is verified. */
  readonly skipVerify?: boolean;
}

/** A proxy of HTTP. */
export interface Proxy {
  /** Its address, with the scheme and without credentials: it is shown in messages. */
  readonly address: string;
  readonly basicAuth?: BasicAuth;
  /** The variable that names it. */
  readonly variable: string;
}

/** What a request may have along. */
export interface RequestOptions {
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
  readonly body?: unknown;
  /** A body that is sent as it stands. */
  readonly text?: string;
  /** Whether it is a question all the same where it is no GET, such as a plan. Default: it may change something. */
  readonly changesNothing?: boolean;
  readonly signal?: AbortSignal;
  /**
   * Whether nothing may be left out of the answer: Consul leaves out what the token may not read, and says so in a header. Default: it is
   * read as it comes.
   */
  readonly complete?: boolean;
}
