import { chmodSync, chownSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createToken,
  readTokens,
  SCOPES,
  TokenBook,
  tokenFile,
  Tokens,
  tokenText,
  type Scope,
} from "../../../lib/service";
import { MACHINE } from "../../support/binaries";
import { testService } from "../../support/service";

const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-tokens-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a token", () => {
  test("is of 256 random bits, told once, and kept as a hash", () => {
    const made = Array.from({ length: 200 }, () => createToken({ owner: "ann", scopes: ["read"] }));
    expect(new Set(made.map(({ token }) => token)).size).toBe(200);
    for (const { token, line } of made) {
      expect(token).toMatch(/^cnp_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$/);
      expect(tokenText(line)).not.toContain(token.slice(-43));
      expect(new TokenBook([line]).find(token)).toEqual({ token: line.id, owner: "ann", scopes: new Set(["read"]) });
    }
  });

  test("that differs in a letter, or has another's id, is nobody's", () => {
    const [one, two] = [
      createToken({ owner: "ann", scopes: ["read"] }),
      createToken({ owner: "bob", scopes: ["admin"] }),
    ];
    const book = new TokenBook([one.line, two.line]);
    const last = one.token.at(-1) === "A" ? "B" : "A";
    const crossed = one.token.slice(0, 16) + two.token.slice(16);
    for (const wrong of [
      one.token.slice(0, -1) + last,
      crossed,
      "",
      "cnp_",
      one.token + "x",
      one.token.toUpperCase(),
      one.line.sha256,
    ])
      expect(book.find(wrong)).toBeUndefined();
  });

  test("its lines are read with their comments, and mistakes are said with their places and without their values", () => {
    const { line } = createToken({ owner: "ann", scopes: ["read"] });
    expect(readTokens(`# of Ann\n\n${tokenText(line)}\n`, "tokens")).toEqual([line]);
    const wrong = [
      "cnp_000000000000_hunter2hunter2hunter2hunter2hunter2hunter2hunter2h",
      JSON.stringify({ ...line, sha256: "hunter2" }),
      JSON.stringify({ ...line, scopes: ["root"] }),
      JSON.stringify({ ...line, scopes: [] }),
      JSON.stringify({ ...line, more: 1 }),
      JSON.stringify({ ...line, owner: "" }),
    ];
    for (const [index, text] of wrong.entries()) {
      const read = () => readTokens(`${"\n".repeat(index)}${text}`, "tokens");
      expect(read).toThrow(`tokens:${index + 1}`);
      expect(read).not.toThrow("hunter2");
    }
    expect(() => readTokens(`${tokenText(line)}\n${tokenText(line)}`, "tokens")).toThrow("twice");
  });
});

describe("a file of tokens", () => {
  const file = (name: string, text: string, mode = 0o600) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  };

  test.each([0o640, 0o604, 0o620, 0o666, 0o601])("that others may open (%o) is not read", async (mode) => {
    await expect(tokenFile(file("open", "", mode), MACHINE.uid).read()).rejects.toThrow("chmod 600");
  });

  test("that belongs to another user is not read", async () => {
    const path = file("another", "");
    // Root may give a file away; who is not root asks as somebody else.
    if (MACHINE.uid === 0) chownSync(path, 1234, 1234);
    const user = MACHINE.uid === 0 ? 0 : (MACHINE.uid ?? 0) + 1;
    await expect(tokenFile(path, user).read()).rejects.toThrow("belongs to another user");
  });

  test("that is a link, a folder or not there is not read, and said why", async () => {
    const path = file("own", "");
    symlinkSync(path, join(folder, "link"));
    await expect(tokenFile(join(folder, "link"), MACHINE.uid).read()).rejects.toThrow("is a link");
    await expect(tokenFile(join(folder, "none"), MACHINE.uid).read()).rejects.toThrow("pool token create");
    await expect(tokenFile(folder, MACHINE.uid).read()).rejects.toThrow();
  });

  test("counts as it is now: a token that is added works, and one that is taken away ends", async () => {
    let time = 0;
    const [ann, bob] = [
      createToken({ owner: "ann", scopes: ["read"] }),
      createToken({ owner: "bob", scopes: ["read"] }),
    ];
    const path = file("live", tokenText(ann.line));
    const tokens = new Tokens(tokenFile(path, MACHINE.uid), () => time);
    expect((await tokens.current()).find(ann.token)?.owner).toBe("ann");
    file("live", tokenText(bob.line));
    time += 2000;
    const book = await tokens.current();
    expect([book.find(ann.token), book.find(bob.token)?.owner]).toEqual([undefined, "bob"]);
  });

  test("nobody waits for it to be read again where it was read just now, and everybody where that is longer ago", async () => {
    let time = 0;
    const [ann, bob] = [
      createToken({ owner: "ann", scopes: ["read"] }),
      createToken({ owner: "bob", scopes: ["read"] }),
    ];
    let answer: (text: string) => void = () => undefined;
    const read = () => new Promise<string>((resolve) => (answer = resolve));
    const tokens = new Tokens({ name: "tokens", interval: 1000, read }, () => time);
    const first = tokens.current();
    answer(tokenText(ann.line));
    expect((await first).find(ann.token)?.owner).toBe("ann");
    time = 1500;
    expect((await tokens.current()).find(ann.token)?.owner).toBe("ann");
    time = 2000;
    const waits = tokens.current();
    answer(tokenText(bob.line));
    expect((await waits).find(ann.token)).toBeUndefined();
  });

  test("that becomes unreadable leaves the tokens of before for five minutes, and is said meanwhile", async () => {
    let time = 0;
    const ann = createToken({ owner: "ann", scopes: ["read"] });
    const path = file("broken", tokenText(ann.line));
    const tokens = new Tokens(tokenFile(path, MACHINE.uid), () => time);
    await tokens.current();
    file("broken", "no JSON");
    time += 60_000;
    expect((await tokens.current()).size).toBe(1);
    expect(tokens.trouble).toContain("broken:1 is no JSON");
    time += 5 * 60_000;
    await expect(tokens.current()).rejects.toThrow("is no JSON");
  });
});

describe("a request", () => {
  test("without a token, with a wrong one, or a wrong form of it is refused on every route", async () => {
    const service = await testService();
    const good = service.token("ann", ...SCOPES);
    const routes = [
      ["POST", "/api/execute"],
      ["POST", "/api/containers"],
      ["GET", "/api/containers"],
      ["GET", "/api/containers/x"],
      ["POST", "/api/containers/x/execute"],
      ["POST", "/api/containers/x/renew"],
      ["DELETE", "/api/containers/x"],
      ["GET", "/api/pools"],
      ["POST", "/api/pools/x/drain"],
      ["POST", "/api/pools/x/fill"],
      ["POST", "/api/pools/x/recycle"],
      ["GET", "/api/dependencies"],
      ["GET", "/metrics"],
      ["GET", "/nothing"],
    ] as const;
    for (const [method, url] of routes)
      for (const authorization of [
        "",
        "Bearer",
        "Bearer x",
        `Basic ${good}`,
        `Bearer ${good}x`,
        good,
        `Bearer ${good} ${good}`,
      ]) {
        const said = await service.app.inject({ method, url, headers: authorization === "" ? {} : { authorization } });
        expect([url, authorization.slice(0, 8), said.statusCode]).toEqual([url, authorization.slice(0, 8), 401]);
        expect(said.headers["www-authenticate"]).toBe('Bearer realm="cdk-nomad"');
        expect(said.body).not.toContain(good);
      }
    expect(await service.ask(good, "GET", "/nothing")).toMatchObject({ status: 404, body: { code: "not-found" } });
  });

  test("wants the scope of its route, before its body is read", async () => {
    const service = await testService();
    const wanted: readonly (readonly ["GET" | "POST" | "DELETE", string, Scope])[] = [
      ["POST", "/api/execute", "execute"],
      ["POST", "/api/containers", "claim"],
      ["GET", "/api/containers", "read"],
      ["POST", "/api/containers/x/execute", "execute"],
      ["POST", "/api/containers/x/renew", "claim"],
      ["DELETE", "/api/containers/x", "claim"],
      ["GET", "/api/pools", "read"],
      ["POST", "/api/pools/x/drain", "admin"],
      ["POST", "/api/pools/x/fill", "admin"],
      ["POST", "/api/pools/x/recycle", "admin"],
      ["GET", "/api/dependencies", "read"],
      ["GET", "/metrics", "read"],
    ];
    for (const [method, url, scope] of wanted) {
      const others = SCOPES.filter((each) => each !== scope);
      const said = await service.ask(service.token("ann", ...others), method, url);
      expect([url, said.status, said.body.code]).toEqual([url, 403, "scope-missing"]);
      const allowed = await service.ask(service.token("ann", scope), method, url);
      expect([url, [401, 403].includes(allowed.status)]).toEqual([url, false]);
    }
  });

  test("without tokens only this machine's own names are answered, so that no page of elsewhere can ask", async () => {
    const service = await testService({ tokens: "none" });
    const ask = async (host: string) =>
      (await service.app.inject({ method: "GET", url: "/api/pools", headers: { host } })).statusCode;
    for (const host of ["localhost", "localhost:8790", "127.0.0.1:8790", "[::1]:8790"])
      expect(await ask(host)).toBe(200);
    for (const host of ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8790"])
      expect(await ask(host)).toBe(403);
  });
});

describe("limits", () => {
  test("requests of one token, and not those of another", async () => {
    const service = await testService({ limits: { requests: 3 } });
    const [ann, bob] = [service.token("ann", "read"), service.token("bob", "read")];
    const said = [];
    for (let count = 0; count < 5; count += 1) said.push(await service.ask(ann, "GET", "/api/pools"));
    expect(said.map(({ status }) => status)).toEqual([200, 200, 200, 429, 429]);
    expect(said[4]).toMatchObject({ body: { code: "rate-limited" } });
    expect(Number(said[4]?.headers["retry-after"])).toBeGreaterThan(0);
    expect(await service.ask(bob, "GET", "/api/pools")).toMatchObject({ status: 200 });
    // Whoever asks whether it lives is always answered.
    for (let count = 0; count < 10; count += 1)
      expect(await service.ask("", "GET", "/healthz")).toMatchObject({ status: 200 });
  });

  test("commands of one owner at once, and of all", async () => {
    const service = await testService({ limits: { commandsOfOwner: 1, commands: 2 } });
    service.pools.free = ["a", "b", "c", "d"];
    const ended: (() => void)[] = [];
    service.pools.command = () => new Promise((resolve) => ended.push(() => resolve({})));
    const run = (owner: string) =>
      service.ask(service.token(owner, "execute"), "POST", "/api/execute", {
        userId: owner,
        provider: "openai",
        command: "id",
      });
    const running = [run("ann"), run("bob")];
    while (ended.length < 2) await new Promise(setImmediate);
    expect(await run("ann")).toMatchObject({ status: 429, body: { code: "too-many-executions" } });
    expect(await run("eve")).toMatchObject({ status: 429, body: { code: "too-many-executions" } });
    // It is so before its body is read: what would be wrong with that is not looked at.
    const wrong = await service.ask(service.token("ann", "execute"), "POST", "/api/execute", { command: 7 });
    expect(wrong).toMatchObject({ status: 429, headers: { "retry-after": "1" } });
    // What was refused has taken no container.
    expect(service.pools.claims).toBe(2);
    // Also of whoever may act for others: what runs in a container that they hold counts as theirs.
    const root = service.token("ann", "execute", "any-owner");
    const other = await service.ask(root, "POST", "/api/containers/x/execute", { command: 7 });
    expect(other).toMatchObject({ status: 429, body: { code: "too-many-executions" } });
    for (const end of ended) end();
    expect((await Promise.all(running)).map(({ status }) => status)).toEqual([200, 200]);
    const later = run("ann");
    while (ended.length < 3) await new Promise(setImmediate);
    ended[2]?.();
    expect(await later).toMatchObject({ status: 200 });
    expect(service.pools.leases.size).toBe(0);
  });
});
