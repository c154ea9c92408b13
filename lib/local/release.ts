import { messageOf } from "../nomad";
import { createHash } from "node:crypto";
import { createWriteStream, rmSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { Transform } from "node:stream";
import { fetch } from "undici";
import { open, type ZipFile } from "yauzl";
import type { Machine } from "./machine";
import type { Progress } from "./progress";

/** Where HashiCorp publishes its releases. */
export const RELEASES = "https://releases.hashicorp.com";

/**
 * Fetches an official release and checks it against its published SHA-256 sums before anything of it is used.
 *
 * @param target the file to write the program to
 */
export async function downloadRelease(
  name: string,
  version: string,
  target: string,
  options: {
    readonly progress: Progress;
    readonly mirror: string;
    readonly machine: Machine;
    readonly signal?: AbortSignal;
  },
): Promise<void> {
  const { progress, mirror, machine, signal } = options;
  const archive = `${name}_${version}_${platformOf(machine)}_${architectureOf(machine)}.zip`;
  const base = `${mirror.replace(/\/$/, "")}/${name}/${version}`;
  progress.step(`downloading ${name} ${version}`);
  const wanted = await publishedSum(`${base}/${name}_${version}_SHA256SUMS`, archive, signal);
  const zip = `${target}.zip`;
  try {
    const sum = await fetchFile(`${base}/${archive}`, zip, progress, signal);
    if (sum !== wanted)
      throw new Error(`${archive} has the SHA-256 sum ${sum}, and ${wanted} was published; it was not used`);
    await unpack(zip, name, target, signal);
  } finally {
    rmSync(zip, { force: true });
  }
}

async function publishedSum(url: string, archive: string, signal?: AbortSignal): Promise<string> {
  const silence = new Silence();
  const response = await request(url, signal ? AbortSignal.any([signal, silence.signal]) : silence.signal, silence);
  const text = await response.text().finally(() => silence.end());
  const line = text.split("\n").find((entry) => entry.trim().endsWith(` ${archive}`));
  const sum = line?.trim().split(/\s+/)[0];
  if (!sum) throw new Error(`no sum is published for ${archive}`);
  return sum;
}

async function fetchFile(url: string, file: string, progress: Progress, signal?: AbortSignal): Promise<string> {
  const silence = new Silence();
  const response = await request(url, signal ? AbortSignal.any([signal, silence.signal]) : silence.signal, silence);
  const total = Number(response.headers.get("content-length") ?? 0);
  const hash = createHash("sha256");
  let received = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      silence.broken();
      hash.update(chunk);
      received += chunk.length;
      progress.detail(
        total > 0
          ? `${Math.floor((100 * received) / total)} % of ${Math.round(total / 1e6)} MB`
          : `${Math.round(received / 1e6)} MB`,
      );
      next(null, chunk);
    },
  });
  if (!response.body) throw new Error(`${url} is empty`);
  try {
    await pipeline(response.body, count, createWriteStream(file), { signal });
  } catch (error) {
    if (silence.signal.aborted) throw new Error(`${new URL(url).host} stopped sending after ${received} bytes`);
    throw error;
  } finally {
    silence.end();
  }
  return hash.digest("hex");
}

/** Gives up where nothing comes for a while: a slow download goes on as long as something does. */
class Silence {
  readonly #controller = new AbortController();
  #timer = this.wait();

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something came. */
  broken(): void {
    clearTimeout(this.#timer);
    this.#timer = this.wait();
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  private wait(): NodeJS.Timeout {
    return setTimeout(() => this.#controller.abort(new Error("no answer within 20 s")), 20_000).unref();
  }
}

async function request(url: string, signal: AbortSignal, silence: Silence) {
  let response;
  try {
    response = await fetch(url, { signal });
  } catch (error) {
    silence.end();
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : messageOf(error);
    throw new Error(`${new URL(url).host} cannot be reached (${cause})`);
  }
  if (response.ok) return response;
  silence.end();
  throw new Error(`${new URL(url).host} answered ${response.status}`);
}

function unpack(zip: string, entryName: string, target: string, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    open(zip, { lazyEntries: true }, (error: Error | null, file?: ZipFile) => {
      if (error || !file) return reject(error ?? new Error("no archive"));
      file.on("error", reject);
      file.on("end", () => reject(new Error(`the archive holds no ${entryName}`)));
      file.on("entry", (entry: { fileName: string }) => {
        if (entry.fileName !== entryName) return file.readEntry();
        file.openReadStream(entry as never, (failed: Error | null, stream) => {
          if (failed || !stream) return reject(failed ?? new Error("no stream"));
          pipeline(stream, createWriteStream(target, { mode: 0o755 }), { signal }).then(() => {
            file.close();
            resolve();
          }, reject);
        });
      });
      file.readEntry();
    });
  });
}

/** A platform as HashiCorp calls it. */
function platformOf({ platform }: Machine): string {
  return platform === "win32" ? "windows" : platform;
}

/** An architecture as HashiCorp calls it. */
function architectureOf({ arch }: Machine): string {
  const names: Partial<Record<NodeJS.Architecture, string>> = { x64: "amd64", ia32: "386" };
  return names[arch] ?? arch;
}
