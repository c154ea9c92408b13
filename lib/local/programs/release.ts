import { dispatcherFor, messageOf, sizeInWords } from "../../nomad";
import { createHash } from "node:crypto";
import { createWriteStream, rmSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { fetch, type Dispatcher } from "undici";
import { open, type ZipFile } from "yauzl";
import type { Machine, Progress } from "../machine";

/** Where HashiCorp publishes its releases. */
export const RELEASES = "https://releases.hashicorp.com";

/** Limits of what is fetched and unpacked, in bytes: whatever a mirror sends, the disk is not filled. */
const LARGEST = { sums: 1024 * 1024, archive: 1024 * 1024 * 1024, program: 2 * 1024 * 1024 * 1024 };
/** How long a server may say nothing, in milliseconds: a mirror may have to fetch the archive itself first. */
const SILENCE = 60_000;

/** What fetching a release needs. */
export interface ReleaseOptions {
  readonly progress: Progress;
  readonly mirror: string;
  readonly machine: Machine;
  /** Of the proxies. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The sums that archives must have, by their names; of others the published sums count. */
  readonly sums: Readonly<Record<string, string>>;
  readonly silence?: number;
  readonly signal?: AbortSignal;
}

/**
 * Fetches an official release and checks it against the SHA-256 sum that is known of it, else against its published sums, before anything of it is
 * used.
 *
 * @param target the file to write the program to
 */
export async function downloadRelease(
  name: string,
  version: string,
  target: string,
  options: ReleaseOptions,
): Promise<void> {
  const { progress, mirror, machine, signal, sums, env, silence = SILENCE } = options;
  const archive = `${name}_${version}_${platformOf(machine)}_${architectureOf(machine)}.zip`;
  const base = `${mirror.replace(/\/$/, "")}/${name}/${version}`;
  progress.step(`downloading ${name} ${version}`);
  const known = sums[archive];
  const zip = `${target}.zip`;
  const download = new Download({ dispatcher: dispatcherFor(base, env), silence, signal });
  try {
    const wanted = known ?? publishedSum(await download.text(`${base}/${name}_${version}_SHA256SUMS`), archive);
    const sum = await download.file(`${base}/${archive}`, zip, progress);
    const whose = known === undefined ? "was published" : "is the release's";
    if (sum !== wanted)
      throw new Error(`${archive} has the SHA-256 sum ${sum}, and ${wanted} ${whose}; it was not used`);
    await unpack(zip, name, target, signal);
  } finally {
    await download.close();
    rmSync(zip, { force: true });
  }
}

function publishedSum(text: string, archive: string): string {
  const line = text.split("\n").find((entry) => entry.trim().endsWith(` ${archive}`));
  const sum = line?.trim().split(/\s+/)[0];
  if (!sum) throw new Error(`no sum is published for ${archive}`);
  return sum;
}

interface DownloadOptions {
  readonly dispatcher: Dispatcher;
  readonly silence: number;
  readonly signal?: AbortSignal | undefined;
}

/** Fetches files, each as long as something comes and no larger than it may be. */
class Download {
  constructor(private readonly options: DownloadOptions) {}

  async text(url: string): Promise<string> {
    const parts: Buffer[] = [];
    await this.receive(url, LARGEST.sums, async (chunks) => {
      for await (const chunk of chunks) parts.push(chunk);
    });
    return Buffer.concat(parts).toString();
  }

  /** @returns the SHA-256 sum of what was written */
  async file(url: string, file: string, progress: Progress): Promise<string> {
    const hash = createHash("sha256");
    let received = 0;
    const { signal } = this.options;
    await this.receive(url, LARGEST.archive, async (chunks, total) => {
      const seen = async function* () {
        for await (const chunk of chunks) {
          hash.update(chunk);
          received += chunk.length;
          progress.detail(
            total > 0
              ? `${Math.floor((100 * received) / total)} % of ${Math.round(total / 1e6)} MB`
              : `${Math.round(received / 1e6)} MB`,
          );
          yield chunk;
        }
      };
      await pipeline(seen, createWriteStream(file), { signal });
    });
    return hash.digest("hex");
  }

  async close(): Promise<void> {
    await this.options.dispatcher.destroy();
  }

  /** Gives what comes, until it ends, is too much, or nothing came for a while: a slow download goes on as long as something does. */
  private async receive(
    url: string,
    limit: number,
    take: (chunks: AsyncIterable<Buffer>, total: number) => Promise<void>,
  ): Promise<void> {
    const { dispatcher, silence, signal } = this.options;
    const { host } = new URL(url);
    const quiet = new AbortController();
    const wait = () => setTimeout(() => quiet.abort(), silence).unref();
    let timer = wait();
    let received = 0;
    const tooLarge = () => new Error(`what ${host} sends is larger than ${sizeInWords(limit)}; it was not used`);
    try {
      const response = await fetch(url, {
        dispatcher,
        signal: AbortSignal.any([quiet.signal, ...(signal ? [signal] : [])]),
      });
      if (!response.ok) throw new Error(`${host} answered ${response.status}`);
      const total = Number(response.headers.get("content-length") ?? 0);
      if (total > limit) throw tooLarge();
      const chunks = async function* () {
        for await (const chunk of response.body ?? []) {
          clearTimeout(timer);
          timer = wait();
          received += chunk.length;
          if (received > limit) throw tooLarge();
          yield Buffer.from(chunk);
        }
      };
      await take(chunks(), total);
    } catch (error) {
      const seconds = Math.round(silence / 1000);
      if (quiet.signal.aborted)
        throw new Error(
          received > 0
            ? `${host} stopped sending after ${received} bytes, and said nothing for ${seconds} s`
            : `${host} said nothing for ${seconds} s`,
          { cause: error },
        );
      if (error instanceof TypeError && error.cause !== undefined)
        throw new Error(`${host} cannot be reached (${messageOf(error.cause)})`, { cause: error });
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
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
          const within = limited(stream, LARGEST.program, entryName);
          pipeline(within, createWriteStream(target, { mode: 0o755 }), { signal }).then(() => {
            file.close();
            resolve();
          }, reject);
        });
      });
      file.readEntry();
    });
  });
}

/** What an archive says of a size inside it is not believed. */
async function* limited(chunks: AsyncIterable<Buffer>, limit: number, name: string): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > limit) throw new Error(`${name} in the archive is larger than ${sizeInWords(limit)}; it was not used`);
    yield chunk;
  }
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
