import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { connect, createServer as createTcpServer, Socket, type AddressInfo, type Server as TcpServer } from "node:net";
import { parseAllowed, type Allowed } from "../../../../lib/pools/egress/allowed";
import { egressProxy, type EgressOptions } from "../../../../lib/pools/egress/proxy";

const running: (Server | TcpServer)[] = [];
afterEach(() => {
  for (const server of running.splice(0)) {
    server.close();
    if ("closeAllConnections" in server) server.closeAllConnections();
  }
});

async function listening<S extends TcpServer>(server: S): Promise<number> {
  running.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** A proxy that may open these, and where names lead. */
async function proxy(entries: readonly string[], more: Partial<EgressOptions> = {}): Promise<number> {
  const allowed = entries.map(parseAllowed).filter((entry): entry is Allowed => entry !== undefined);
  const resolve = () => Promise.reject(new Error("no such name"));
  return listening(egressProxy({ allowed, resolve, own: () => [], ...more }));
}

/** All that comes back for some bytes. */
async function said(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect({ host: "127.0.0.1", port }, () => socket.write(text));
    socket.setTimeout(5000, () => socket.destroy());
    socket.on("data", (chunk) => (answer += chunk.toString()));
    socket.on("error", reject);
    socket.on("close", () => resolve(answer));
  });
}

interface Asked {
  readonly line: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A site: what was asked of it, and its port. */
async function site(): Promise<{ readonly port: number; readonly asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      asked.push({ line: `${request.method} ${request.url}`, headers: request.headers, body });
      response.setHeader("set-cookie", ["a=1", "b=2"]).setHeader("keep-alive", "timeout=9").end("the site");
    });
  });
  return { port: await listening(server), asked };
}

test("a request with a whole address goes on without what is between neighbours, and its answer comes back", async () => {
  const { port, asked } = await site();
  const through = await proxy([`127.0.0.1:${port}`]);
  const text = `POST http://127.0.0.1:${port}/login?a=b HTTP/1.1\r\nHost: other.example\r\nConnection: close, X-Mine\r\nX-Mine: 1\r\nProxy-Authorization: secret\r\nCookie: c=3\r\nContent-Length: 4\r\n\r\nform`;
  const answer = await said(through, text);
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK/);
  expect(answer).toMatch(/set-cookie: a=1\r\nset-cookie: b=2/);
  expect(answer).not.toMatch(/timeout=9/);
  expect(answer).toContain("the site");
  expect(asked).toMatchObject([
    { line: "POST /login?a=b", body: "form", headers: { host: `127.0.0.1:${port}`, cookie: "c=3" } },
  ]);
  expect(Object.keys(asked[0]?.headers ?? {})).not.toEqual(expect.arrayContaining(["x-mine"]));
  expect(asked[0]?.headers).not.toHaveProperty("proxy-authorization");
});

test("a connection that a browser would keep is closed with its answer, and not while a person types", async () => {
  const { port } = await site();
  const through = await proxy([`127.0.0.1:${port}`]);
  const text = `GET http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n`;
  const began = performance.now();
  // It is over once the proxy has closed it: one that it kept would be so after five seconds.
  expect(await said(through, text)).toMatch(/connection: close\r\n/i);
  expect(performance.now() - began).toBeLessThan(4000);
});

test("a tunnel carries bytes both ways, those that came at once with it among them", async () => {
  const echo = createTcpServer((socket) => socket.on("data", (data) => socket.end(`echo ${data.toString()}`)));
  const port = await listening(echo);
  const through = await proxy([`127.0.0.1:${port}`]);
  const answer = await said(through, `CONNECT 127.0.0.1:${port} HTTP/1.1\r\nHost: x\r\n\r\nhello`);
  expect(answer).toBe("HTTP/1.1 200 Connection established\r\n\r\necho hello");
});

describe("what is not allowed is refused, and nothing of it is connected to", () => {
  const SPELLINGS = [
    "127.0.0.1",
    "127.1",
    "0x7f.1",
    "2130706433",
    "017700000001",
    "0.0.0.0",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "localhost",
    "LOCALHOST.",
    "rebinds.example",
  ];

  test.each(SPELLINGS)("%s, by a request and by a tunnel", async (host) => {
    const { port, asked } = await site();
    let reached = 0;
    const server = running.at(-1);
    server?.on("connection", () => (reached += 1));
    const refused: string[] = [];
    const through = await proxy(["login.corp"], {
      resolve: () => Promise.resolve(["127.0.0.1", "::1"]),
      onRefusal: (why, at) => void refused.push(`${why} ${at}`),
    });
    const plain = await said(through, `GET http://${host}:${port}/ HTTP/1.1\r\nHost: x\r\n\r\n`);
    const tunnel = await said(through, `CONNECT ${host}:${port} HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(plain).toMatch(/^HTTP\/1\.1 403 /);
    expect(plain).toContain("that is the machine that runs this browser");
    expect(tunnel).toMatch(/^HTTP\/1\.1 403 /);
    expect(refused).toEqual([`loopback ${port}`, `loopback ${port}`]);
    expect([reached, asked]).toEqual([0, []]);
  });

  test("a name that has another address at the second look leads to the one that was judged", async () => {
    const { port, asked } = await site();
    const own = await proxy([`127.0.0.2:${port}`], {
      // First an address that is allowed, where nobody listens; from then on the loopback.
      resolve: (() => {
        let looks = 0;
        return () => Promise.resolve([(looks += 1) === 1 ? "127.0.0.2" : "127.0.0.1"]);
      })(),
    });
    const first = await said(
      own,
      `GET http://rebinds.example:${port}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    );
    const second = await said(
      own,
      `GET http://rebinds.example:${port}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    );
    expect(first).toMatch(/^HTTP\/1\.1 504 /);
    expect(second).toMatch(/^HTTP\/1\.1 403 /);
    expect(asked).toEqual([]);
  });
});

test.each([
  ["GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400],
  ["GET ftp://example.com/ HTTP/1.1\r\nHost: x\r\n\r\n", 400],
  ["CONNECT user@127.0.0.1:80 HTTP/1.1\r\nHost: x\r\n\r\n", 400],
  ["CONNECT example.com HTTP/1.1\r\nHost: x\r\n\r\n", 400],
  ["CONNECT example.com:0 HTTP/1.1\r\nHost: x\r\n\r\n", 400],
  ["CONNECT example.com:70000 HTTP/1.1\r\nHost: x\r\n\r\n", 400],
  ["GET http://nobody.example/ HTTP/1.1\r\nHost: x\r\n\r\n", 502],
])("%j is answered with %i", async (text, status) => {
  expect(await said(await proxy([]), text)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
});

test("a page says how more is allowed, and repeats nothing that a browser would run", async () => {
  const resolve = () => Promise.resolve(["10.1.2.3"]);
  const answer = await said(
    await proxy([], { resolve }),
    "GET http://login.corp:8443/<script> HTTP/1.1\r\nHost: x\r\n\r\n",
  );
  expect(answer).toContain("--browser-allow login.corp:8443");
  expect(answer).not.toContain("<script");
});

test("a server that says nothing is let go of once the guest has gone", async () => {
  const closed = new Promise<string>((resolve) => {
    const hangs = createTcpServer((socket) => {
      socket.on("error", () => undefined).once("close", () => resolve("closed"));
      socket.once("data", () => guest.destroy()).resume();
    });
    const guest = connectLater();
    void listening(hangs).then(async (port) => {
      const through = await proxy([`127.0.0.1:${port}`]);
      guest.connect(through, "127.0.0.1", () =>
        guest.write(`GET http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: x\r\n\r\n`),
      );
    });
  });
  expect(await closed).toBe("closed");
}, 20_000);

function connectLater(): Socket {
  return new Socket().on("error", () => undefined);
}
