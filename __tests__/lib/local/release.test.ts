import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import archiver from "archiver";
import { getBinary, PROGRAMS, SILENT, type Machine } from "../../../lib/local";

let folder: string;
let server: Server;
let files: Record<string, Buffer>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "cdk-nomad-"));
  files = {};
  server = createServer((request, response) => {
    const body = files[request.url ?? ""];
    response.writeHead(body ? 200 : 404, { "content-length": body?.length ?? 0 }).end(body);
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
});
afterEach(async () => {
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

const get = (machine = LINUX) =>
  getBinary("nomad", {
    cache: join(folder, "cache"),
    env: { PATH: "", CDK_NOMAD_RELEASES: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` },
    machine,
    progress: SILENT,
  });

describe("a release", () => {
  const place = () => join(folder, "cache/nomad", version);

  test("is downloaded, checked, unpacked, and kept for the next time", async () => {
    await publish();
    const path = join(place(), "nomad");
    expect(await get()).toEqual({ name: "nomad", path, version, from: "release" });
    files = {};
    expect(await get()).toEqual({ name: "nomad", path, version, from: "cache" });
    expect(readdirSync(place())).toEqual(["nomad"]);
  });

  test.each([
    ["darwin", "arm64", "darwin_arm64"],
    ["linux", "ia32", "linux_386"],
    ["win32", "x64", "windows_amd64"],
  ] as const)("for %s on %s is %s", async (platform, arch, name) => {
    await publish(undefined, `nomad_${version}_${name}.zip`);
    expect(await get({ ...LINUX, platform, arch })).toMatchObject({ from: "release" });
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
});
