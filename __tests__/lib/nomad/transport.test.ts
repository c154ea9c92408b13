import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConsulClient, consulConnection, NomadClient, nomadConnection } from "../../../lib/nomad";
import { Authority, type Certificate } from "../../support/certificates";
import { failure } from "../../support/failure";
import { ForwardProxy, Listener, type ListenerOptions } from "../../support/listener";

const ALLOCATION = "36e10a25-fffa-9aac-dc27-89ad1385e095";
let folder: string;
let authority: Authority;
let named: Certificate;
let addressed: Certificate;
let client: Certificate;
let opened: { close(): Promise<void> }[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cdk-nomad-transport-"));
  authority = new Authority(folder);
  named = authority.issue("named", ["DNS:server.global.nomad"]);
  addressed = authority.issue("addressed", ["IP:127.0.0.1", "IP:10.9.8.7"]);
  client = authority.issue("client", ["DNS:client"]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(async () => {
  for (const one of opened.reverse()) await one.close();
  opened = [];
});

async function listener(options: ListenerOptions = {}): Promise<Listener> {
  const made = await new Listener(options).open();
  opened.push(made);
  return made;
}

async function proxy(port: () => number, credentials?: string): Promise<ForwardProxy> {
  const made = await new ForwardProxy(port, credentials).open();
  opened.push(made);
  return made;
}

function nomadOf(env: Record<string, string>): NomadClient {
  const made = new NomadClient(nomadConnection(env));
  opened.push(made);
  return made;
}

/** Asks for jobs, and opens an exec: both go the same way. */
async function both(nomad: NomadClient): Promise<void> {
  expect(await nomad.jobs()).toEqual([]);
  const session = await nomad.exec(ALLOCATION, "web", ["/bin/true"]);
  expect(await session.exitCode).toBe(0);
}

describe("a socket", () => {
  test("takes requests and execs, with the token and the credentials", async () => {
    const socket = join(folder, "nomad with space.sock");
    const server = await listener({ socket });
    await both(nomadOf({ NOMAD_ADDR: `unix://${socket}`, NOMAD_TOKEN: "t", NOMAD_HTTP_AUTH: "ann:pw" }));
    expect(server.seen.map(({ path }) => path)).toEqual(["/v1/jobs", `/v1/client/allocation/${ALLOCATION}/exec`]);
    for (const { token, authorization } of server.seen)
      expect({ token, authorization }).toEqual({ token: "t", authorization: "Basic YW5uOnB3" });
  });

  test("that is not there is said with its path", async () => {
    const error = await failure(nomadOf({ NOMAD_ADDR: `unix://${join(folder, "none.sock")}` }).jobs());
    expect(error?.message).toMatch(/Nomad does not answer at unix:\/\/.*none\.sock \(ENOENT\)/);
  });
});

describe("a path in the address", () => {
  test("stands before every request and exec", async () => {
    const server = await listener();
    await both(nomadOf({ NOMAD_ADDR: `http://127.0.0.1:${server.port}/behind/nomad/` }));
    expect(server.seen.map(({ path }) => path)).toEqual([
      "/behind/nomad/v1/jobs",
      `/behind/nomad/v1/client/allocation/${ALLOCATION}/exec`,
    ]);
  });
});

describe("over TLS", () => {
  const secured = (certificate: Certificate, more = {}) => listener({ tls: { ...certificate, ...more } });

  test.each([
    ["a file of the CA", () => ({ NOMAD_CACERT: authority.file })],
    ["the machine's CAs", () => ({ SSL_CERT_FILE: authority.file })],
    ["Node's further CAs", () => ({ NODE_EXTRA_CA_CERTS: authority.file })],
    ["nothing at all", () => ({ NOMAD_SKIP_VERIFY: "true" })],
  ])("a server is known by %s", async (_name, env) => {
    const server = await secured(addressed);
    await both(nomadOf({ NOMAD_ADDR: `https://127.0.0.1:${server.port}`, ...env() }));
    expect(server.seen).toHaveLength(2);
  });

  test("a server is known by a folder of CAs, however deep, with links as Kubernetes makes them", async () => {
    const cas = join(folder, "cas");
    mkdirSync(join(cas, "..data"), { recursive: true });
    writeFileSync(join(cas, "..data", "ca.pem"), authority.certificate);
    symlinkSync("..data", join(cas, "..link"));
    symlinkSync("..data/ca.pem", join(cas, "ca.pem"));
    const server = await secured(addressed);
    await both(nomadOf({ NOMAD_ADDR: `https://127.0.0.1:${server.port}`, NOMAD_CAPATH: cas }));
    writeFileSync(join(cas, "README"), "no certificate");
    expect(() => nomadOf({ NOMAD_CAPATH: cas })).toThrow(
      /there is no certificate in .*README; write the path of a PEM/,
    );
  });

  test("a name of its own is asked for and verified, for requests and execs", async () => {
    const server = await secured(named);
    const env = { NOMAD_ADDR: `https://127.0.0.1:${server.port}`, NOMAD_CACERT: authority.file };
    await both(nomadOf({ ...env, NOMAD_TLS_SERVER_NAME: "server.global.nomad" }));
    expect(server.seen.map(({ serverName }) => serverName)).toEqual(["server.global.nomad", "server.global.nomad"]);
    const others: readonly Record<string, string>[] = [{}, { NOMAD_TLS_SERVER_NAME: "server.west.nomad" }];
    for (const more of others) {
      const nomad = nomadOf({ ...env, ...more });
      const message =
        /for another name \(.*server\.global\.nomad.*\); write the name that it is for into NOMAD_TLS_SERVER_NAME/;
      expect((await failure(nomad.jobs()))?.message).toMatch(message);
      expect((await failure(nomad.exec(ALLOCATION, "web", ["/bin/true"])))?.message).toMatch(message);
    }
  });

  test("a name may be an address, which is verified", async () => {
    const server = await secured(addressed);
    const env = { NOMAD_ADDR: `https://127.0.0.1:${server.port}`, NOMAD_CACERT: authority.file };
    await both(nomadOf({ ...env, NOMAD_TLS_SERVER_NAME: "10.9.8.7" }));
    const error = await failure(nomadOf({ ...env, NOMAD_TLS_SERVER_NAME: "10.9.8.6" }).jobs());
    expect(error?.message).toMatch(/for another name/);
  });

  test("a client shows its certificate", async () => {
    const server = await secured(addressed, { ca: authority.certificate, requestCert: true });
    const env = { NOMAD_ADDR: `https://127.0.0.1:${server.port}`, NOMAD_CACERT: authority.file };
    await both(nomadOf({ ...env, NOMAD_CLIENT_CERT: client.certFile, NOMAD_CLIENT_KEY: client.keyFile }));
    expect(server.seen.map((one) => one.client)).toEqual(["client", "client"]);
  });

  test("a CA that nobody trusts is said with the variable", async () => {
    const server = await secured(addressed);
    const error = await failure(nomadOf({ NOMAD_ADDR: `https://127.0.0.1:${server.port}` }).jobs());
    expect(error?.message).toMatch(
      /signed by nobody who is trusted here \(.*\); write the file of its CA into NOMAD_CACERT/,
    );
    const consul = new ConsulClient(consulConnection({ CONSUL_HTTP_ADDR: `https://127.0.0.1:${server.port}` }));
    opened.push(consul);
    expect((await failure(consul.services()))?.message).toMatch(/into CONSUL_CACERT/);
  });

  test("HTTP at HTTPS, and HTTPS at HTTP, are said as that", async () => {
    const [plain, secure] = [await listener(), await secured(addressed)];
    const atPlain = nomadOf({ NOMAD_ADDR: `https://127.0.0.1:${plain.port}`, NOMAD_CACERT: authority.file });
    expect((await failure(atPlain.jobs()))?.message).toMatch(/speaks no TLS; write http:\/\/ into NOMAD_ADDR/);
    // Go's servers answer 400, and Node's close the connection.
    const atSecure = nomadOf({ NOMAD_ADDR: `http://127.0.0.1:${secure.port}` });
    expect((await failure(atSecure.jobs()))?.message).toMatch(/Nomad does not answer/);
  });

  test.each([
    ["NOMAD_CACERT", /NOMAD_CACERT/],
    ["NOMAD_CAPATH", /NOMAD_CAPATH/],
  ])("%s that is not there is said at once, also over HTTP", (variable, message) => {
    expect(() => nomadOf({ [variable]: "/no/such" })).toThrow(/\/no\/such cannot be read \(ENOENT\)/);
    expect(() => nomadOf({ [variable]: "/no/such" })).toThrow(message);
  });

  test("a certificate with another's key is said at once", () => {
    const env = { NOMAD_CLIENT_CERT: client.certFile, NOMAD_CLIENT_KEY: named.keyFile };
    expect(() => nomadOf({ NOMAD_ADDR: "https://nomad.example", ...env })).toThrow(
      /NOMAD_CLIENT_CERT: the certificate and its key cannot be used/,
    );
  });
});

describe("through a proxy", () => {
  test("HTTP is asked of it with the whole address, and an exec goes through a tunnel", async () => {
    const server = await listener();
    const between = await proxy(() => server.port);
    await both(
      nomadOf({ NOMAD_ADDR: "http://nomad.example:4646/behind", HTTP_PROXY: between.address, NOMAD_TOKEN: "t" }),
    );
    expect(between.seen).toEqual([
      { kind: "request", target: "http://nomad.example:4646/behind/v1/jobs", authorization: undefined },
      { kind: "tunnel", target: "nomad.example:4646", authorization: undefined },
    ]);
    expect(server.seen).toMatchObject([
      { host: "nomad.example:4646", token: "t", path: "/behind/v1/jobs" },
      { host: "nomad.example:4646", token: "t" },
    ]);
  });

  test("HTTPS goes through a tunnel, with the proxy's credentials, to a server that is verified", async () => {
    const server = await listener({ tls: named });
    const between = await proxy(() => server.port, "ann:pa ss");
    const env = { NOMAD_ADDR: "https://nomad.example:4646", NOMAD_CACERT: authority.file };
    const nomad = nomadOf({
      ...env,
      https_proxy: `http://ann:pa%20ss@${between.address}`,
      NOMAD_TLS_SERVER_NAME: "server.global.nomad",
    });
    await both(nomad);
    expect(between.seen.map(({ kind, target }) => `${kind} ${target}`)).toEqual([
      "tunnel nomad.example:4646",
      "tunnel nomad.example:4646",
    ]);
    expect(server.seen.map(({ serverName, authorization }) => [serverName, authorization])).toEqual([
      ["server.global.nomad", undefined],
      ["server.global.nomad", undefined],
    ]);
    const unverified = nomadOf({ ...env, https_proxy: `http://ann:pa%20ss@${between.address}` });
    expect((await failure(unverified.jobs()))?.message).toMatch(/for another name/);
  });

  test.each(["http", "https"])("%s without the credentials that it wants is said by its variable", async (scheme) => {
    const server = await listener(scheme === "https" ? { tls: named } : {});
    const between = await proxy(() => server.port, "ann:planted");
    const variable = `${scheme.toUpperCase()}_PROXY`;
    const nomad = nomadOf({ NOMAD_ADDR: `${scheme}://nomad.example`, [variable]: `bob:other@${between.address}` });
    for (const error of [await failure(nomad.jobs()), await failure(nomad.exec(ALLOCATION, "web", ["/bin/true"]))]) {
      expect(error?.message).toContain(variable);
      expect(error?.message).toContain(between.address);
      expect(error?.message).not.toMatch(/other@|planted/);
    }
    expect(server.seen).toEqual([]);
  });

  test("a proxy that is not there is said with its variable", async () => {
    const error = await failure(
      nomadOf({ NOMAD_ADDR: "http://nomad.example", HTTP_PROXY: "http://127.0.0.1:9" }).jobs(),
    );
    expect(error?.message).toMatch(
      /Nomad does not answer at http:\/\/nomad\.example through the proxy http:\/\/127\.0\.0\.1:9 \(HTTP_PROXY\) \(ECONNREFUSED\)/,
    );
  });

  test("is not taken where NO_PROXY says so, nor by this machine's own address", async () => {
    const server = await listener();
    const between = await proxy(() => server.port);
    const env = { NOMAD_ADDR: `http://127.0.0.1:${server.port}`, HTTP_PROXY: between.address };
    await both(nomadOf(env));
    expect(between.seen).toEqual([]);
  });
});
