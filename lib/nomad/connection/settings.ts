import { UserError, type Problem } from "../../errors";

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A variable from which a connection is made. */
export interface Setting {
  readonly variable: string;
  /** What it says, as docs/operating.md has it. */
  readonly meaning: string;
}

/** What a connection is made of. */
export type SettingName =
  | "address"
  | "token"
  | "tokenFile"
  | "auth"
  | "region"
  | "namespace"
  | "partition"
  | "ssl"
  | "ca"
  | "caPath"
  | "cert"
  | "key"
  | "serverName"
  | "verify"
  | "skipVerify";

export type Settings = Readonly<Partial<Record<SettingName, Setting>>>;

const CREDENTIALS = "`user:password`, or the user alone, for HTTP's basic authentication";
const CA = "the file of the CAs that are trusted, instead of the machine's";
const CA_PATH = "a folder of such files, with those below it; not looked at where a file is named";
const CERT = "the file of the client's certificate";
const KEY = "the file of its key";
const SERVER_NAME = "the name that the server's certificate must be for, instead of the address's host";

/** The variables of Nomad's own command. https://developer.hashicorp.com/nomad/docs/commands#environment-variables */
const NOMAD: Settings = {
  address: {
    variable: "NOMAD_ADDR",
    meaning: "where Nomad is: `http://host:4646`, `https://host:4646/path`, or `unix:///path/of/a/socket`",
  },
  token: { variable: "NOMAD_TOKEN", meaning: "the secret of an ACL token" },
  tokenFile: {
    variable: "NOMAD_TOKEN_FILE",
    meaning: "refused, since Nomad's command does not read it; write `NOMAD_TOKEN=$(cat FILE)`",
  },
  auth: { variable: "NOMAD_HTTP_AUTH", meaning: CREDENTIALS },
  region: { variable: "NOMAD_REGION", meaning: "the region that is asked where a job names none" },
  namespace: { variable: "NOMAD_NAMESPACE", meaning: "the namespace of jobs that name none" },
  ca: { variable: "NOMAD_CACERT", meaning: CA },
  caPath: { variable: "NOMAD_CAPATH", meaning: CA_PATH },
  cert: { variable: "NOMAD_CLIENT_CERT", meaning: CERT },
  key: { variable: "NOMAD_CLIENT_KEY", meaning: KEY },
  serverName: { variable: "NOMAD_TLS_SERVER_NAME", meaning: SERVER_NAME },
  skipVerify: { variable: "NOMAD_SKIP_VERIFY", meaning: "`true`: the server's certificate is not verified" },
};

/** The variables of Consul's own command. https://developer.hashicorp.com/consul/commands#environment-variables */
const CONSUL: Settings = {
  address: {
    variable: "CONSUL_HTTP_ADDR",
    meaning: "where Consul is: `host:8500`, `https://host:8501/path`, or `unix:///path/of/a/socket`",
  },
  ssl: { variable: "CONSUL_HTTP_SSL", meaning: "`true`: HTTPS, whatever the address's scheme is" },
  verify: { variable: "CONSUL_HTTP_SSL_VERIFY", meaning: "`false`: the server's certificate is not verified" },
  token: { variable: "CONSUL_HTTP_TOKEN", meaning: "the secret of an ACL token" },
  tokenFile: {
    variable: "CONSUL_HTTP_TOKEN_FILE",
    meaning: "the file of such a secret; it goes before `CONSUL_HTTP_TOKEN`, unless the file is empty",
  },
  auth: { variable: "CONSUL_HTTP_AUTH", meaning: CREDENTIALS },
  namespace: {
    variable: "CONSUL_NAMESPACE",
    meaning: "the namespace (Consul Enterprise; any other Consul refuses it)",
  },
  partition: { variable: "CONSUL_PARTITION", meaning: "the admin partition (likewise)" },
  ca: { variable: "CONSUL_CACERT", meaning: CA },
  caPath: { variable: "CONSUL_CAPATH", meaning: CA_PATH },
  cert: { variable: "CONSUL_CLIENT_CERT", meaning: CERT },
  key: { variable: "CONSUL_CLIENT_KEY", meaning: KEY },
  serverName: { variable: "CONSUL_TLS_SERVER_NAME", meaning: SERVER_NAME },
};

/** Every variable from which a connection to Nomad or to Consul is made, by the server's name. */
export const SETTINGS = { Nomad: NOMAD, Consul: CONSUL } as const;

/** The variable that says something of a server; undefined where nothing does, or the server is another. */
export function variableOf(server: string, name: SettingName): string | undefined {
  const settings: Settings | undefined = server === "Nomad" || server === "Consul" ? SETTINGS[server] : undefined;
  return settings?.[name]?.variable;
}

/** An environment that names no cluster: without every variable that {@link SETTINGS} has. */
export function withoutConnections(env: Environment): Environment {
  const names = new Set(Object.values(SETTINGS).flatMap((all) => Object.values(all).map(({ variable }) => variable)));
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.has(name)));
}

/** What names a place within a server, and not who asks or how it is reached. */
const PLACES: ReadonlySet<string> = new Set<SettingName>(["region", "namespace", "partition"]);

/**
 * An environment that names a certain server. Where it named none, credentials and certificates that are for another do not go there; where it named
 * this one, what it says beside it counts.
 *
 * @param own the address and the token of the server, by their variables
 */
export function withServer(env: Environment, server: keyof typeof SETTINGS, own: Environment): Environment {
  const settings = SETTINGS[server];
  const [address = "", token = ""] = [settings.address?.variable, settings.token?.variable];
  if (env[address]) {
    const hasToken = [token, settings.tokenFile?.variable ?? ""].some((name) => env[name]);
    return hasToken ? env : { ...env, [token]: own[token] };
  }
  const others = Object.entries(settings).filter(([name]) => !PLACES.has(name));
  const without = Object.fromEntries(others.map(([, { variable }]) => [variable, undefined]));
  return { ...env, ...without, [address]: own[address], [token]: own[token] };
}

/** What Go takes for a truth value, as both commands do. */
const TRUTHS: ReadonlyMap<string, boolean> = new Map([
  ...["1", "t", "T", "true", "TRUE", "True"].map((text) => [text, true] as const),
  ...["0", "f", "F", "false", "FALSE", "False"].map((text) => [text, false] as const),
]);

/** Reads the variables of one server, and collects what is wrong with them. */
export class SettingsReader {
  readonly #problems: Problem[] = [];

  constructor(
    private readonly settings: Settings,
    private readonly env: Environment,
  ) {}

  /** The variable's own name. */
  variable(name: SettingName): string {
    return this.settings[name]?.variable ?? "";
  }

  /** What it says; one that is empty says nothing. */
  text(name: SettingName): string | undefined {
    return this.env[this.variable(name)] || undefined;
  }

  /** Whether it is true; undefined where it says nothing. What is neither true nor false is refused, and never guessed. */
  truth(name: SettingName): boolean | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const truth = TRUTHS.get(text);
    if (truth === undefined) this.refuse(name, `"${text}" is neither true nor false; write true or false`);
    return truth;
  }

  /** Reads something that may be wrong; undefined where it is. */
  try<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.#problems.push(...error.problems);
      return undefined;
    }
  }

  refuse(name: SettingName, message: string): void {
    this.#problems.push({ rule: "connection", path: [this.variable(name)], message, severity: "error" });
  }

  /** @throws UserError with everything that is wrong */
  finish(): void {
    if (this.#problems.length > 0) throw new UserError(this.#problems);
  }
}
