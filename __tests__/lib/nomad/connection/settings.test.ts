import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../../../../lib/errors";
import { consulConnection, nomadConnection, secretsOf, withoutConnections, withServer } from "../../../../lib/nomad";
import { proxyFor, SETTINGS } from "../../../../lib/nomad/connection";

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "cdk-nomad-settings-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What is wrong with an environment, as `VARIABLE: message`. */
function problems(read: () => unknown): string[] {
  try {
    read();
    return [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
}

describe("the variables", () => {
  test("are read in one place, and every one of them is documented with what it means", () => {
    const read = new Set<string>();
    const env = new Proxy<Record<string, string>>({}, { get: (_, name) => void read.add(String(name)) });
    nomadConnection(env, "https://nomad.example");
    consulConnection(env, "https://consul.example");
    const all = Object.values(SETTINGS).flatMap((settings) => Object.values(settings));
    const others = ["HTTPS_PROXY", "https_proxy", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR"];
    expect([...read].sort()).toEqual([...all.map(({ variable }) => variable), ...others].sort());

    const document = readFileSync(join(__dirname, "../../../../docs/operating.md"), "utf8").replaceAll(/ +/g, " ");
    const missing = all.filter(({ variable, meaning }) => !document.includes(`| \`${variable}\` | ${meaning} |`));
    expect(missing).toEqual([]);
    for (const name of [...others, "HTTP_PROXY", "NO_PROXY"]) expect(document).toContain(`\`${name}\``);
  });

  test("of a cluster are all left out of an environment that names none, and nothing else is", () => {
    const all = Object.values(SETTINGS).flatMap((settings) => Object.values(settings).map(({ variable }) => variable));
    const env = Object.fromEntries([...all, "NOMAD_VAR_tag", "PATH", "HTTPS_PROXY"].map((name) => [name, "x"]));
    expect(withoutConnections(env)).toEqual({ NOMAD_VAR_tag: "x", PATH: "x", HTTPS_PROXY: "x" });
  });

  test("of another cluster do not go to a server that was not named with them", () => {
    const env = {
      CONSUL_HTTP_SSL: "true",
      CONSUL_HTTP_TOKEN: "other",
      CONSUL_HTTP_TOKEN_FILE: "/other",
      CONSUL_HTTP_AUTH: "ann:other",
      CONSUL_CACERT: "/other",
      CONSUL_NAMESPACE: "apps",
    };
    const own = { CONSUL_HTTP_ADDR: "http://127.0.0.1:9500", CONSUL_HTTP_TOKEN: "own" };
    const connection = consulConnection(withServer(env, "Consul", own));
    expect(connection).toMatchObject({ address: own.CONSUL_HTTP_ADDR, token: { value: "own" }, query: { ns: "apps" } });
    expect(connection.basicAuth).toBeUndefined();
    expect(connection.tls?.ca).toBeUndefined();
    const named = { CONSUL_HTTP_ADDR: own.CONSUL_HTTP_ADDR };
    expect(withServer(named, "Consul", own)).toEqual(own);
    expect(withServer({ ...named, CONSUL_HTTP_TOKEN_FILE: "/own" }, "Consul", own)).toEqual({
      ...named,
      CONSUL_HTTP_TOKEN_FILE: "/own",
    });
  });

  test("that are empty say nothing, as for both commands", () => {
    const env = Object.fromEntries(
      Object.values(SETTINGS).flatMap((settings) => Object.values(settings).map(({ variable }) => [variable, ""])),
    );
    expect(nomadConnection(env)).toEqual(nomadConnection({}));
    expect(consulConnection(env)).toEqual(consulConnection({}));
  });
});

describe("Nomad's", () => {
  test("say who asks, for what, and who is trusted", () => {
    const connection = nomadConnection({
      NOMAD_ADDR: "https://nomad.example:4646/behind",
      NOMAD_TOKEN: "t",
      NOMAD_REGION: "west",
      NOMAD_NAMESPACE: "apps",
      NOMAD_CACERT: "ca.pem",
      NOMAD_CAPATH: "cas",
      NOMAD_CLIENT_CERT: "cert.pem",
      NOMAD_CLIENT_KEY: "key.pem",
      NOMAD_TLS_SERVER_NAME: "server.west.nomad",
      NOMAD_HTTP_AUTH: "ann:se:cret",
    });
    expect(connection).toMatchObject({
      address: "https://nomad.example:4646/behind",
      token: { header: "X-Nomad-Token", value: "t" },
      query: { region: "west", namespace: "apps" },
      basicAuth: { user: "ann", password: "se:cret" },
      tls: {
        ca: "ca.pem",
        caPath: "cas",
        cert: "cert.pem",
        key: "key.pem",
        serverName: "server.west.nomad",
        skipVerify: false,
      },
    });
    expect(secretsOf(connection)).toEqual(["t", "se:cret"]);
  });

  test("credentials in the address go before NOMAD_HTTP_AUTH, and are not shown", () => {
    const env = { NOMAD_ADDR: "https://bob:pa%3Ass@nomad.example/", NOMAD_HTTP_AUTH: "ann:secret" };
    expect(nomadConnection(env)).toMatchObject({
      address: "https://nomad.example",
      basicAuth: { user: "bob", password: "pa:ss" },
    });
    expect(nomadConnection({ NOMAD_HTTP_AUTH: "ann" }).basicAuth).toEqual({ user: "ann", password: "" });
  });

  test.each(["1", "t", "T", "true", "TRUE", "True"])("a certificate is not verified where it says %s", (text) => {
    expect(nomadConnection({ NOMAD_SKIP_VERIFY: text }).tls?.skipVerify).toBe(true);
  });

  test.each(["0", "f", "F", "false", "FALSE", "False"])("and is verified where it says %s", (text) => {
    expect(nomadConnection({ NOMAD_SKIP_VERIFY: text }).tls?.skipVerify).toBe(false);
  });

  test("everything that is wrong is refused at once, by its name, with what to write", () => {
    const env = {
      NOMAD_ADDR: "ftp://ann:planted@nomad.example",
      NOMAD_SKIP_VERIFY: "yes",
      NOMAD_CLIENT_KEY: "key.pem",
      NOMAD_TOKEN_FILE: "/run/token",
    };
    const said = problems(() => nomadConnection(env));
    expect(said).toEqual([
      "NOMAD_TOKEN_FILE: Nomad's command does not read it; write NOMAD_TOKEN=$(cat /run/token)",
      'NOMAD_ADDR: "ftp://nomad.example" is no address; write http://127.0.0.1:4646, say',
      'NOMAD_SKIP_VERIFY: "yes" is neither true nor false; write true or false',
      "NOMAD_CLIENT_KEY: a certificate and its key belong together; write NOMAD_CLIENT_CERT too",
    ]);
    expect(problems(() => nomadConnection({ NOMAD_TOKEN_FILE: "/run/token", NOMAD_TOKEN: "t" }))).toEqual([]);
  });
});

describe("Consul's", () => {
  test.each([
    [{ CONSUL_HTTP_ADDR: "consul.example:8500" }, "http://consul.example:8500"],
    [{ CONSUL_HTTP_ADDR: "consul.example:8501", CONSUL_HTTP_SSL: "1" }, "https://consul.example:8501"],
    // As its command: what asks for HTTPS is never taken back.
    [{ CONSUL_HTTP_ADDR: "http://consul.example:8501", CONSUL_HTTP_SSL: "true" }, "https://consul.example:8501"],
    [{ CONSUL_HTTP_ADDR: "https://consul.example", CONSUL_HTTP_SSL: "false" }, "https://consul.example"],
    [{ CONSUL_HTTP_ADDR: "https://consul.example/behind/" }, "https://consul.example/behind/"],
    [{ CONSUL_HTTP_ADDR: "unix:///run/consul.sock" }, "unix:///run/consul.sock"],
    [{}, "http://127.0.0.1:8500"],
  ])("%j is %s", (env, address) => {
    expect(consulConnection(env).address).toBe(address);
  });

  test("a namespace and a partition are sent, as its command sends them", () => {
    const env = {
      CONSUL_NAMESPACE: "apps",
      CONSUL_PARTITION: "west",
      CONSUL_TLS_SERVER_NAME: "server.dc1.consul:8501",
    };
    const { query, tls } = consulConnection(env);
    expect(query).toEqual({ ns: "apps", partition: "west" });
    expect(tls?.serverName).toBe("server.dc1.consul");
  });

  test("a file goes before CONSUL_HTTP_TOKEN, unless it is empty", () => {
    const [file, empty] = [join(folder, "token"), join(folder, "empty")];
    writeFileSync(file, "from-file\n");
    writeFileSync(empty, "\n");
    const token = (env: Record<string, string>) => consulConnection(env).token?.value;
    expect(token({ CONSUL_HTTP_TOKEN_FILE: file, CONSUL_HTTP_TOKEN: "from-variable" })).toBe("from-file");
    expect(token({ CONSUL_HTTP_TOKEN_FILE: empty, CONSUL_HTTP_TOKEN: "from-variable" })).toBe("from-variable");
    expect(token({ CONSUL_HTTP_TOKEN_FILE: empty })).toBeUndefined();
    expect(problems(() => consulConnection({ CONSUL_HTTP_TOKEN_FILE: "/no/such" }))).toEqual([
      "CONSUL_HTTP_TOKEN_FILE: /no/such cannot be read (ENOENT); write the path of a file with a token",
    ]);
  });

  test("what its command takes for false by mistake is refused", () => {
    expect(problems(() => consulConnection({ CONSUL_HTTP_SSL_VERIFY: "ja", CONSUL_HTTP_SSL: "on" }))).toEqual([
      'CONSUL_HTTP_SSL: "on" is neither true nor false; write true or false',
      'CONSUL_HTTP_SSL_VERIFY: "ja" is neither true nor false; write true or false',
    ]);
    expect(consulConnection({ CONSUL_HTTP_SSL_VERIFY: "0" }).tls?.skipVerify).toBe(true);
  });

  test("HTTPS over a socket is refused by the name that asks for it", () => {
    const env = { CONSUL_HTTP_ADDR: "unix:///run/consul.sock", CONSUL_HTTP_SSL: "true" };
    expect(problems(() => consulConnection(env))).toEqual([
      "CONSUL_HTTP_SSL: HTTPS over a socket (CONSUL_HTTP_ADDR) is not supported; unset one of the two",
    ]);
  });
});

test.each([
  ["unix://run/nomad.sock", /whole path; write unix:\/\/\/run\/agent\.sock/],
  [`unix:///${"deep/".repeat(30)}nomad.sock`, /has 161 bytes, and a system takes 103/],
  ["http://nomad.example:4646/?token=planted", /has no query \(\?…\); write its scheme, host, port and path alone/],
  ["http://nomad.example:4646/#planted", /has no fragment/],
  ["nowhere at all", /is no address; write http:\/\/127\.0\.0\.1:4646/],
])("the address %s is refused by its variable", (address, message) => {
  const [said = ""] = problems(() => nomadConnection({ NOMAD_ADDR: address }));
  expect(said).toMatch(/^NOMAD_ADDR: /);
  expect(said).toMatch(message);
  expect(said).not.toContain("planted");
});

describe("a proxy", () => {
  const of = (address: string, env: Record<string, string>) => proxyFor(new URL(address), env)?.address;
  const NOMAD = "http://nomad.example:4646";

  test("is that of the address's scheme, upper case first, and no other", () => {
    expect(of(NOMAD, { HTTP_PROXY: "http://a:1", http_proxy: "http://b:1" })).toBe("http://a:1");
    expect(of(NOMAD, { HTTP_PROXY: "", http_proxy: "b:3128" })).toBe("http://b:3128");
    expect(of(NOMAD, { HTTPS_PROXY: "http://a:1", ALL_PROXY: "http://a:1" })).toBeUndefined();
    expect(of("https://nomad.example", { HTTP_PROXY: "http://a:1" })).toBeUndefined();
    expect(of("https://nomad.example", { https_proxy: "https://a" })).toBe("https://a");
  });

  test("has its credentials, which no message shows", () => {
    const proxy = proxyFor(new URL(NOMAD), { HTTP_PROXY: "http://ann:pla%40nted@a:1" });
    expect(proxy).toEqual({
      address: "http://a:1",
      variable: "HTTP_PROXY",
      basicAuth: { user: "ann", password: "pla@nted" },
    });
    for (const value of ["socks5://ann:planted@a:1", "http://ann:planted@:x", "ftp://ann:planted@a"]) {
      const said = problems(() => nomadConnection({ NOMAD_ADDR: NOMAD, http_proxy: value }));
      expect(said).toHaveLength(1);
      expect(said[0]).toMatch(/^http_proxy: .*; write http:\/\/proxy\.example:3128/);
      expect(said[0]).not.toContain("planted");
    }
  });

  test.each(
    "localhost:4646 LOCALHOST. nomad.localhost a.localhost.:1 127.0.0.1:4646 127.9.9.9 127.1 [::1]:4646 0.0.0.0 [::] [::ffff:127.0.0.1]"
      .split(" ")
      .map((host) => `http://${host}`),
  )("is none for %s, which is this machine", (address) => {
    expect(of(address, { HTTP_PROXY: "http://a:1" })).toBeUndefined();
  });

  test.each([
    ["http://nomad.example:4646", "*", false],
    ["http://nomad.example:4646", "nomad.example", false],
    ["http://nomad.example:4646", " other.example , EXAMPLE ", false],
    ["http://nomad.example:4646", ".example", false],
    ["http://nomad.example:4646", "*.example", false],
    ["http://example:4646", ".example", true],
    ["http://badexample:4646", "example", true],
    ["http://nomad.example:4646", "nomad.example:4646", false],
    ["http://nomad.example:4646", "nomad.example:80", true],
    ["http://nomad.example", "nomad.example:80", false],
    ["http://10.1.2.3:4646", "10.0.0.0/8", false],
    ["http://11.1.2.3:4646", "10.0.0.0/8", true],
    ["http://10.1.2.3:4646", "10.1.2.3", false],
    ["http://10.1.2.3:4646", "10.1.2.3:4646", false],
    ["http://10.1.2.3:4646", "10.1.2.3:80", true],
    ["http://10.1.2.3:4646", "2.3", true],
    ["http://[fd00::1]:4646", "fd00::/16", false],
    ["http://[fd00::1]:4646", "fd00::1", false],
    ["http://[fd00::1]:4646", "[fd00::1]:4646", false],
    ["http://[fd00::2]:4646", "fd00::1", true],
    ["http://nomad.example:4646", "10.0.0.0/99,/,:,", true],
  ])("for %s with NO_PROXY=%s: %s", (address, exceptions, isThere) => {
    expect(of(address, { HTTP_PROXY: "http://a:1", NO_PROXY: exceptions }) !== undefined).toBe(isThere);
    expect(of(address, { HTTP_PROXY: "http://a:1", no_proxy: exceptions }) !== undefined).toBe(isThere);
  });
});
