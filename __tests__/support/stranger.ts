import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { binaryHere } from "./binaries";

/** nobody, on every Linux. */
const USER = 65534;

/** Why there can be no other user here; undefined where there can. */
export function whyNoStranger(): string | undefined {
  if (process.platform !== "linux") return "only Linux has setpriv";
  if (process.getuid?.() !== 0) return "only root can be somebody else";
  try {
    execFileSync("setpriv", [`--reuid=${USER}`, `--regid=${USER}`, "--clear-groups", "true"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "setpriv does not work here";
  }
}

/** A call of a port of this machine. */
export interface Call {
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly body?: string;
}

/** What another user's process runs to ask: it has nothing of this project. */
const ASK = `
const { readFileSync, writeFileSync } = require("node:fs");
const [calls, said] = process.argv.slice(2);
const ask = ({ port, method, path, body }, protocol) =>
  new Promise((resolve) => {
    const options = { host: "127.0.0.1", port, method, path, rejectUnauthorized: false, timeout: 5000, agent: false };
    const request = require("node:" + protocol).request(options, (answer) => {
      resolve(answer.statusCode);
      request.destroy();
    });
    request.on("timeout", () => request.destroy(new Error("silent")));
    request.on("error", () => resolve(undefined));
    request.end(body);
  });
(async () => {
  const statuses = [];
  for (const call of JSON.parse(readFileSync(calls, "utf8")))
  {
    const plain = await ask(call, "http");
    // A port of TLS says so by 400.
    statuses.push((plain === undefined || plain === 400 ? await ask(call, "https") : plain) ?? plain ?? null);
  }
  writeFileSync(said, JSON.stringify({ user: process.getuid(), statuses: statuses }));
})();
`;

/** Another user of the machine, with programs and a folder of their own, who may read nothing of anybody. */
export class Stranger {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "stranger-")));
  readonly #children: ChildProcess[] = [];

  constructor() {
    chmodSync(this.folder, 0o755);
    chownSync(this.folder, USER, USER);
  }

  /**
   * Runs a Nomad or a Consul with this configuration, such as one that joins a cluster.
   *
   * @returns what it has logged so far
   */
  async agent(program: "nomad" | "consul", name: string, config: (data: string) => object): Promise<() => string> {
    const path = join(this.folder, program);
    if (!existsSync(path)) {
      const { path: there } = await binaryHere(program);
      try {
        linkSync(there, path);
      } catch {
        copyFileSync(there, path);
      }
    }
    const data = join(this.folder, `data-${name}`);
    mkdirSync(data);
    chownSync(data, USER, USER);
    const file = join(this.folder, `${name}.json`);
    writeFileSync(file, JSON.stringify(config(data)));
    const log = join(this.folder, `${name}.log`);
    const flag = program === "nomad" ? `-config=${file}` : `-config-file=${file}`;
    this.run([path, "agent", flag], openSync(log, "w"));
    return () => readFileSync(log, "utf8");
  }

  /**
   * Asks ports of this machine by HTTP, in the clear and by TLS, from a process of its own.
   *
   * @returns the user of that process, and of each call its status; null where nothing that is HTTP was answered
   */
  async ask(calls: readonly Call[]): Promise<{ readonly user: number; readonly statuses: readonly (number | null)[] }> {
    const said = join(this.folder, "statuses.json");
    const script = join(this.folder, "ask.cjs");
    writeFileSync(script, ASK);
    writeFileSync(join(this.folder, "calls.json"), JSON.stringify(calls));
    const child = this.run([process.execPath, script, join(this.folder, "calls.json"), said]);
    if (child.exitCode === null) await new Promise((resolve) => child.once("exit", resolve));
    return JSON.parse(readFileSync(said, "utf8")) as { user: number; statuses: (number | null)[] };
  }

  /** Starts a program and leaves it running. */
  run(command: readonly string[], out: number | "ignore" = "ignore", env: NodeJS.ProcessEnv = {}): ChildProcess {
    const as = [`--reuid=${USER}`, `--regid=${USER}`, "--clear-groups", "--inh-caps=-all"];
    const child = spawn("setpriv", [...as, ...command], {
      cwd: this.folder,
      env: { PATH: process.env.PATH, HOME: this.folder, ...env },
      stdio: ["ignore", out, out],
    });
    this.#children.push(child);
    return child;
  }

  /** Whether any file of the folder holds one of these texts. */
  has(texts: readonly string[]): boolean {
    return readdirSync(this.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !["nomad", "consul"].includes(entry.name))
      .some((entry) => {
        const bytes = readFileSync(join(entry.parentPath, entry.name));
        return texts.some((text) => bytes.includes(text));
      });
  }

  /** Ends what it started, and forgets it. */
  async remove(): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await gone;
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
