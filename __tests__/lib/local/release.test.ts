import { createHash } from "node:crypto";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import archiver from "archiver";
import { getBinary, PROGRAMS, SILENT, type Machine } from "../../../lib/local";
import { RELEASE_SUMS } from "../../../lib/local/programs/sums";
import { failure } from "../../support/failure";
import { ForwardProxy } from "../../support/listener";

let folder: string;
let server: Server;
let files: Record<string, Buffer>;
/** How a body is sent. */
let send: (response: ServerResponse, body: Buffer) => void;
let asked: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "cdk-nomad-"));
  files = {};
  asked = [];
  send = (response, body) => void response.writeHead(200, { "content-length": body.length }).end(body);
  server = createServer((request, response) => {
    asked.push(request.url ?? "");
    const body = files[request.url ?? ""];
    if (body)
      send(
        response.on("error", () => undefined),
        body,
      );
    else response.writeHead(404).end();
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

const { version } = PROGRAMS.nomad;
const LINUX: Machine = { platform: "linux", arch: "x64", uid: 1000, home: "/home/me" };
const ARCHIVE = `nomad_${version}_linux_amd64.zip`;

/** An archive as it is released, with a program that says its version. */
async function released(): Promise<Buffer> {
  const zip = archiver("zip");
  const chunks: Buffer[] = [];
  zip.on("data", (chunk: Buffer) => chunks.push(chunk));
  zip.append("a license", { name: "LICENSE.txt" });
  zip.append(`#!/bin/sh\necho "Nomad v${version}"\n`, { name: "nomad" });
  await zip.finalize();
  return Buffer.concat(chunks);
}

async function publish(sumOf?: Buffer, archive = ARCHIVE): Promise<void> {
  const zip = await released();
  const sum = createHash("sha256")
    .update(sumOf ?? zip)
    .digest("hex");
  files[`/nomad/${version}/${archive}`] = zip;
  files[`/nomad/${version}/nomad_${version}_SHA256SUMS`] = Buffer.from(`0000  other.zip\n${sum}  ${archive}\n`);
}

const port = () => (server.address() as AddressInfo).port;
const SUMS_OF_ANOTHER = { [ARCHIVE]: "0".repeat(64) };

interface GetOptions {
  readonly machine?: Machine;
  readonly sums?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly silence?: number;
  readonly notes?: string[];
}

const get = ({ machine = LINUX, sums = {}, env = {}, silence, notes = [] }: GetOptions = {}) =>
  getBinary("nomad", {
    cache: join(folder, "cache"),
    env: { PATH: "", CDK_NOMAD_RELEASES: `http://127.0.0.1:${port()}/`, ...env },
    machine,
    progress: { ...SILENT, note: (text) => void notes.push(text) },
    sums,
    ...(silence === undefined ? {} : { silence }),
  });

describe("a release", () => {
  const place = () => join(folder, "cache/nomad", version);

  test("is downloaded, checked, unpacked, and kept for the next time", async () => {
    await publish();
    const path = join(place(), "nomad");
    expect(await get()).toEqual({ name: "nomad", path, version, from: "release" });
    files = {};
    expect(await get()).toEqual({ name: "nomad", path, version, from: "cache" });
    expect(readdirSync(place())).toEqual(["nomad", "nomad.sha256"]);
  });

  test.each([
    ["darwin", "arm64", "darwin_arm64"],
    ["linux", "ia32", "linux_386"],
    ["win32", "x64", "windows_amd64"],
  ] as const)("for %s on %s is %s", async (platform, arch, name) => {
    await publish(undefined, `nomad_${version}_${name}.zip`);
    expect(await get({ machine: { ...LINUX, platform, arch } })).toMatchObject({ from: "release" });
  });

  test("whose sum is another is not used, and nothing of it stays", async () => {
    await publish(Buffer.from("another"));
    const path = process.env.PATH;
    process.env.PATH = "";
    try {
      await expect(get()).rejects.toThrow(
        /has the SHA-256 sum [0-9a-f]{64}, and [0-9a-f]{64} was published; it was not used/,
      );
    } finally {
      process.env.PATH = path;
    }
    expect(existsSync(place()) ? readdirSync(place()) : []).toEqual([]);
  });

  test("whose sum is known needs no published one, and no published one makes it another", async () => {
    const zip = await released();
    files[`/nomad/${version}/${ARCHIVE}`] = zip;
    const sums = { [ARCHIVE]: createHash("sha256").update(zip).digest("hex") };
    expect(await get({ sums })).toMatchObject({ from: "release" });
    expect(asked).toEqual([`/nomad/${version}/${ARCHIVE}`]);
    rmSync(place(), { recursive: true });
    await publish();
    const error = await failure(get({ sums: SUMS_OF_ANOTHER }));
    expect(error?.message).toMatch(/has the SHA-256 sum [0-9a-f]{64}, and 0{64} is the release's; it was not used/);
    expect(readdirSync(place())).toEqual([]);
  });

  test("of a version that is fetched has a known sum for each platform that most people have", () => {
    const wanted = Object.entries(PROGRAMS).flatMap(([name, program]) =>
      ["darwin_amd64", "darwin_arm64", "linux_amd64", "linux_arm64"].map(
        (platform) => `${name}_${program.version}_${platform}.zip`,
      ),
    );
    expect(Object.keys(RELEASE_SUMS).sort()).toEqual(wanted.sort());
    for (const sum of Object.values(RELEASE_SUMS)) expect(sum).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(Object.values(RELEASE_SUMS)).size).toBe(wanted.length);
  });

  test("may take as long as it likes, while something comes", async () => {
    await publish();
    send = (response, body) => {
      response.writeHead(200, { "content-length": body.length });
      let at = 0;
      const step = Math.ceil(body.length / 12);
      const timer = setInterval(() => {
        response.write(body.subarray(at, at + step));
        at += step;
        if (at < body.length) return;
        clearInterval(timer);
        response.end();
      }, 100);
    };
    const started = performance.now();
    expect(await get({ silence: 900 })).toMatchObject({ from: "release" });
    expect(performance.now() - started).toBeGreaterThan(900);
  });

  test.each([
    ["before its first byte", () => undefined, /127\.0\.0\.1:\d+ said nothing for 0 s/],
    [
      "on the way",
      (response: ServerResponse) => void response.writeHead(200, { "content-length": 1000 }).write("PK"),
      /127\.0\.0\.1:\d+ stopped sending after 2 bytes, and said nothing for 0 s/,
    ],
    [
      "since it is too large",
      (response: ServerResponse) => void response.writeHead(200, { "content-length": 2 ** 31 }).write("PK"),
      /what 127\.0\.0\.1:\d+ sends is larger than 1024 MiB; it was not used/,
    ],
  ])("is given up %s", async (_name, respond, message) => {
    files[`/nomad/${version}/${ARCHIVE}`] = Buffer.alloc(1000);
    send = respond;
    expect((await failure(get({ sums: SUMS_OF_ANOTHER, silence: 300 })))?.message).toMatch(message);
    expect(readdirSync(place())).toEqual([]);
  });

  test("comes through the proxy that the variables name", async () => {
    await publish();
    const proxy = await new ForwardProxy(port).open();
    try {
      const env = { CDK_NOMAD_RELEASES: "http://releases.example/mirror/..", http_proxy: proxy.address };
      expect(await get({ env })).toMatchObject({ from: "release" });
      expect(proxy.seen.map(({ kind, target }) => `${kind} ${target}`)).toEqual([
        `request http://releases.example/nomad/${version}/nomad_${version}_SHA256SUMS`,
        `request http://releases.example/nomad/${version}/${ARCHIVE}`,
      ]);
    } finally {
      await proxy.close();
    }
  });
});

describe("a program in the cache", () => {
  const place = () => join(folder, "cache/nomad", version);
  const program = () => join(place(), "nomad");

  test("is checked before it is run, and a changed one is refused with what to do", async () => {
    await publish();
    await get();
    const ran = join(folder, "ran");
    appendFileSync(program(), `touch ${ran}\n`);
    const error = await failure(get());
    expect(error).toMatchObject({ problems: [{ rule: "binary/changed", path: [program()] }] });
    expect(error?.message).toMatch(
      /SHA-256 sum is [0-9a-f]{64}, and [0-9a-f]{64} was recorded in .*; remove the program/,
    );
    expect(existsSync(ran)).toBe(false);
    rmSync(program());
    expect(await get()).toMatchObject({ from: "release" });
    expect(await get()).toMatchObject({ from: "cache" });
  });

  test("whose record is no sum is refused", async () => {
    await publish();
    await get();
    writeFileSync(`${program()}.sha256`, "");
    expect((await failure(get()))?.message).toMatch(/is not the program that was kept here/);
  });

  test("of an older release, which recorded no sums, is taken once as it is, and that is said", async () => {
    mkdirSync(place(), { recursive: true });
    writeFileSync(program(), `#!/bin/sh\necho "Nomad v${version}"\n`);
    chmodSync(program(), 0o755);
    const notes: string[] = [];
    expect(await get({ notes })).toMatchObject({ from: "cache", version });
    expect(notes).toEqual([
      expect.stringMatching(/nomad was kept without its sum; [0-9a-f]{64} is recorded for it now/),
    ]);
    const sum = createHash("sha256").update(readFileSync(program())).digest("hex");
    expect(readFileSync(`${program()}.sha256`, "utf8")).toBe(`${sum}  nomad\n`);
    expect(await get({ notes })).toMatchObject({ from: "cache" });
    expect(notes).toHaveLength(1);
    appendFileSync(program(), "# more\n");
    expect((await failure(get()))?.message).toContain("is not the program that was kept here");
  });
});
