import { execFile } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { ConsulClient, consulConnection, NomadClient, nomadConnection } from "../../lib/nomad";
import { binaryHere } from "../support/binaries";
import { ForwardProxy, Listener, type ListenerOptions, type Passing, type Seen } from "../support/listener";
import { MutualTls } from "../support/mutual-tls";
import { environment } from "../support/run-cli";

/**
 * The same environment, given to `nomad` and `consul` and to the clients here: what a server, or a proxy before it, sees of both is the same. The servers are
 * in this process, the commands are the real ones.
 */
const run = promisify(execFile);

let tls: MutualTls;
let opened: { close(): Promise<void> }[] = [];
let paths: Readonly<Record<"nomad" | "consul", string>>;

beforeAll(async () => {
  tls = new MutualTls();
  writeFileSync(join(tls.folder, "token"), "token-of-a-file\n");
  const [nomad, consul] = [await binaryHere("nomad"), await binaryHere("consul")];
  paths = { nomad: nomad.path, consul: consul.path };
});
afterAll(() => tls.remove());
afterEach(async () => {
  for (const one of opened.reverse()) await one.close();
  opened = [];
});

/** The servers of a case: one without TLS, one with it, one on a socket, and a proxy that leads to one of the first two. */
interface Servers {
  readonly plain: Listener;
  readonly secure: Listener;
  readonly socket: Listener;
  readonly toPlain: ForwardProxy;
  readonly toSecure: ForwardProxy;
}

const answer: ListenerOptions["answer"] = (path) => (path.endsWith("/v1/catalog/services") ? "{}" : "[]");

async function servers(): Promise<Servers> {
  const { server, authority } = tls;
  const secured = {
    key: server.key,
    cert: server.cert,
    ca: authority.certificate,
    requestCert: true,
    rejectUnauthorized: false,
  };
  const plain = await new Listener({ answer }).open();
  const secure = await new Listener({ answer, tls: secured }).open();
  const socket = await new Listener({ answer, socket: socketPath() }).open();
  const toPlain = await new ForwardProxy(() => plain.port).open();
  const toSecure = await new ForwardProxy(() => secure.port, "ann:secret").open();
  opened.push(plain, secure, socket, toPlain, toSecure);
  return { plain, secure, socket, toPlain, toSecure };
}

const socketPath = () => join(tls.folder, "api.sock");

/** What came in, by the server: the tunnels of a proxy and their order are nobody's business. */
type Witness = Readonly<Record<keyof Servers, readonly (Seen | Passing)[]>>;

function witness(all: Servers): Witness {
  return Object.fromEntries(Object.entries(all).map(([name, { seen }]) => [name, [...seen]])) as never;
}

function forget(all: Servers): void {
  for (const { seen } of Object.values(all)) seen.length = 0;
}

type Env = Record<string, string>;
interface Case {
  readonly name: string;
  readonly env: (servers: Servers) => Env;
  /** What is different of ours, and documented as that. */
  readonly differs?: (seen: Witness) => Witness;
}

const NOMAD_CASES: readonly Case[] = [
  {
    name: "a token, a region, a namespace",
    env: ({ plain }) => ({
      NOMAD_ADDR: `http://127.0.0.1:${plain.port}`,
      NOMAD_TOKEN: "t",
      NOMAD_REGION: "west",
      NOMAD_NAMESPACE: "apps",
    }),
  },
  {
    name: "credentials in the address, before those of a variable",
    env: ({ plain }) => ({ NOMAD_ADDR: `http://bob:p%3Aw@127.0.0.1:${plain.port}`, NOMAD_HTTP_AUTH: "ann:secret" }),
  },
  {
    name: "credentials",
    env: ({ plain }) => ({ NOMAD_ADDR: `http://127.0.0.1:${plain.port}`, NOMAD_HTTP_AUTH: "ann:se:cret" }),
  },
  {
    name: "a user alone",
    env: ({ plain }) => ({ NOMAD_ADDR: `http://127.0.0.1:${plain.port}`, NOMAD_HTTP_AUTH: "ann" }),
  },
  {
    name: "a path, which Nomad's command leaves out",
    env: ({ plain }) => ({ NOMAD_ADDR: `http://127.0.0.1:${plain.port}/behind` }),
    differs: ({ plain, ...others }) => ({
      ...others,
      plain: plain.map((seen) => ({ ...seen, path: (seen as Seen).path.replace("/behind", "") })),
    }),
  },
  { name: "a socket", env: () => ({ NOMAD_ADDR: `unix://${socketPath()}`, NOMAD_TOKEN: "t" }) },
  {
    name: "TLS with a server's name",
    env: ({ secure }) => ({
      NOMAD_ADDR: `https://127.0.0.1:${secure.port}`,
      ...tls.trusting("NOMAD"),
      ...tls.identified("NOMAD"),
    }),
  },
  {
    name: "TLS with a folder of CAs",
    env: ({ secure }) => ({
      NOMAD_ADDR: `https://127.0.0.1:${secure.port}`,
      NOMAD_CAPATH: caFolder(),
      NOMAD_TLS_SERVER_NAME: "server.global.nomad",
    }),
  },
  {
    name: "TLS with the machine's CAs",
    env: ({ secure }) => ({
      NOMAD_ADDR: `https://127.0.0.1:${secure.port}`,
      SSL_CERT_FILE: tls.authority.file,
      NOMAD_TLS_SERVER_NAME: "server.global.nomad",
    }),
  },
  {
    name: "TLS that is not verified",
    env: ({ secure }) => ({ NOMAD_ADDR: `https://127.0.0.1:${secure.port}`, NOMAD_SKIP_VERIFY: "T" }),
  },
  {
    name: "a proxy of HTTP",
    env: ({ toPlain }) => ({ NOMAD_ADDR: "http://nomad.example:4646", HTTP_PROXY: toPlain.address, NOMAD_TOKEN: "t" }),
  },
  {
    name: "a proxy of HTTPS, in lower case, with credentials",
    env: ({ toSecure }) => ({
      NOMAD_ADDR: "https://nomad.example:4646",
      https_proxy: `http://ann:secret@${toSecure.address}`,
      HTTP_PROXY: "http://127.0.0.1:9",
      ...tls.trusting("NOMAD"),
    }),
  },
  {
    name: "a proxy that does not count for this machine",
    env: ({ plain, toPlain }) => ({ NOMAD_ADDR: `http://127.0.0.1:${plain.port}`, HTTP_PROXY: toPlain.address }),
  },
];

const CONSUL_CASES: readonly Case[] = [
  {
    name: "an address without a scheme, and a token",
    env: ({ plain }) => ({ CONSUL_HTTP_ADDR: `127.0.0.1:${plain.port}`, CONSUL_HTTP_TOKEN: "t" }),
  },
  {
    name: "a namespace and a partition",
    env: ({ plain }) => ({
      CONSUL_HTTP_ADDR: `127.0.0.1:${plain.port}`,
      CONSUL_NAMESPACE: "apps",
      CONSUL_PARTITION: "west",
    }),
  },
  {
    name: "a token of a file, before that of a variable",
    env: ({ plain }) => ({
      CONSUL_HTTP_ADDR: `127.0.0.1:${plain.port}`,
      CONSUL_HTTP_TOKEN: "t",
      CONSUL_HTTP_TOKEN_FILE: join(tls.folder, "token"),
    }),
  },
  {
    name: "credentials and a path",
    env: ({ plain }) => ({
      CONSUL_HTTP_ADDR: `http://127.0.0.1:${plain.port}/behind/consul`,
      CONSUL_HTTP_AUTH: "ann:se:cret",
    }),
  },
  {
    name: "a socket",
    env: () => ({ CONSUL_HTTP_ADDR: `unix://${socketPath()}`, CONSUL_HTTP_TOKEN: "t" }),
    // A formality over a socket.
    differs: ({ socket, ...others }) => ({
      ...others,
      socket: socket.map((seen) => ({ ...seen, host: "localhost" })),
    }),
  },
  ...[
    { CONSUL_HTTP_SSL: "1", scheme: "" },
    { CONSUL_HTTP_SSL: "true", scheme: "http://" },
    { CONSUL_HTTP_SSL: "false", scheme: "https://" },
  ].map(({ scheme, ...ssl }) => ({
    name: `TLS by CONSUL_HTTP_SSL=${ssl.CONSUL_HTTP_SSL} and ${scheme || "no scheme"}`,
    env: ({ secure }: Servers) => ({
      ...ssl,
      CONSUL_HTTP_ADDR: `${scheme}127.0.0.1:${secure.port}`,
      ...tls.trusting("CONSUL", "server.dc1.consul:8501"),
      ...tls.identified("CONSUL"),
    }),
  })),
  {
    name: "TLS that is not verified",
    env: ({ secure }) => ({ CONSUL_HTTP_ADDR: `https://127.0.0.1:${secure.port}`, CONSUL_HTTP_SSL_VERIFY: "0" }),
  },
  {
    name: "TLS with a folder of CAs",
    env: ({ secure }) => ({
      CONSUL_HTTP_ADDR: `https://127.0.0.1:${secure.port}`,
      CONSUL_CAPATH: caFolder(),
      CONSUL_TLS_SERVER_NAME: "server.dc1.consul",
    }),
  },
  {
    name: "a proxy, and an exception of it",
    env: ({ toPlain }) => ({
      CONSUL_HTTP_ADDR: "consul.example:8500",
      http_proxy: `http://${toPlain.address}`,
      NO_PROXY: "other.example,10.0.0.0/8,consul.example:8501",
    }),
  },
];

function caFolder(): string {
  const made = mkdtempSync(join(tls.folder, "cas-"));
  writeFileSync(join(made, "ca.pem"), tls.authority.certificate);
  return made;
}

/** Variables of the machine that the tests run on say nothing. */
const bare = (env: Env) => environment({ ...env, NOMAD_CLI_SHOW_HINTS: "false" }) as Env;

async function seenOfBoth(one: Case, command: (env: Env) => Promise<unknown>, own: (env: Env) => Promise<unknown>) {
  const all = await servers();
  const env = one.env(all);
  await command(bare(env));
  const ofCommand = witness(all);
  forget(all);
  await own(env);
  const ofOwn = witness(all);
  return { ofCommand, ofOwn: one.differs?.(ofOwn) ?? ofOwn };
}

const requests = (seen: Witness) => Object.values(seen).flat().length;

test.each(NOMAD_CASES)("as `nomad job status` is seen: $name", async (one) => {
  const { ofCommand, ofOwn } = await seenOfBoth(
    one,
    (env) => run(paths.nomad, ["job", "status"], { env }),
    async (env) => {
      const nomad = new NomadClient(nomadConnection(env));
      opened.push(nomad);
      await nomad.jobs();
    },
  );
  expect(requests(ofCommand)).toBeGreaterThan(0);
  expect(ofOwn).toEqual(ofCommand);
});

test.each(CONSUL_CASES)("as `consul catalog services` is seen: $name", async (one) => {
  const { ofCommand, ofOwn } = await seenOfBoth(
    one,
    (env) => run(paths.consul, ["catalog", "services"], { env }),
    async (env) => {
      const consul = new ConsulClient(consulConnection(env));
      opened.push(consul);
      await consul.services();
    },
  );
  expect(requests(ofCommand)).toBeGreaterThan(0);
  expect(ofOwn).toEqual(ofCommand);
});
