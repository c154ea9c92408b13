import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mountsIn, unmount } from "../../lib/local";
import { until } from "./until";

/** Networks for the containers of such engines, one for each that runs at the same time: none is of a Docker that somebody works with. */
const BRIDGES = Array.from({ length: 16 }, (_, index) => ({
  name: `cdknomad${index}`,
  address: `10.213.${77 + index}.1/24`,
}));

/** What the smallest image has: busybox, and no other program. */
const APPLETS =
  "sh cat chmod echo env grep head kill ls mkdir nohup printf ps rm setsid sleep tail test touch wc yes".split(" ");

/** A Docker engine for tests: a folder, a socket and a bridge of its own, without a registry, ended by the id of its process. */
export class OwnDocker {
  #folder: string | undefined;
  #child: ChildProcess | undefined;
  #bridge: string | undefined;

  /** Why none can run here; undefined where one can. */
  static whyNot(): string | undefined {
    if (process.platform !== "linux") return "a Docker engine of its own needs Linux";
    if (process.getuid?.() !== 0) return "a Docker engine of its own needs root";
    for (const program of ["dockerd", "docker", "ip", "busybox"])
      if (!onPath(program)) return `there is no ${program} on PATH; scripts/ci-tools.sh installs it where there is apt`;
    return undefined;
  }

  async start(): Promise<void> {
    this.#folder = mkdtempSync(join(tmpdir(), "cdk-nomad-docker-"));
    this.#bridge = makeBridge();
    const log = openSync(this.log, "a");
    const file = (name: string) => join(this.#folder ?? "", name);
    this.#child = spawn(
      "dockerd",
      [
        ...["--data-root", file("data"), "--exec-root", file("exec"), "--pidfile", file("pid"), "--host", this.host],
        ...["--storage-driver", "vfs", "--bridge", this.#bridge, "--iptables=false", "--ip-masq=false"],
      ],
      { stdio: ["ignore", log, log] },
    );
    await until(`a Docker that answers (${this.log})`, () => {
      if (this.#child?.exitCode !== null)
        throw new Error(`dockerd ended:\n${readFileSync(this.log, "utf8").slice(-2000)}`);
      return this.docker("version") !== undefined;
    });
  }

  /** DOCKER_HOST. */
  get host(): string {
    return `unix://${this.#folder}/docker.sock`;
  }

  /** Makes an image of busybox alone, from this machine. */
  importSmallest(image: string): void {
    const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-image-"));
    mkdirSync(join(folder, "bin"));
    mkdirSync(join(folder, "tmp"));
    execFileSync("cp", ["/usr/bin/busybox", join(folder, "bin/busybox")]);
    for (const applet of APPLETS) symlinkSync("busybox", join(folder, "bin", applet));
    execFileSync("sh", ["-c", `tar -C "$1" -c . | docker import - "$2"`, "sh", folder, image], {
      env: { ...process.env, DOCKER_HOST: this.host },
      stdio: "ignore",
    });
    rmSync(folder, { recursive: true });
  }

  /** What a docker command printed; undefined where it failed. */
  docker(...args: readonly string[]): string | undefined {
    try {
      const env = { ...process.env, DOCKER_HOST: this.host };
      return execFileSync("docker", args, { env, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    } catch {
      return undefined;
    }
  }

  /** Removes its containers, ends it, and forgets its images. */
  async remove(): Promise<void> {
    const child = this.#child;
    if (child && child.exitCode === null) {
      const left = (this.docker("ps", "--all", "--quiet") ?? "").split("\n").filter((id) => id !== "");
      if (left.length > 0) this.docker("rm", "--force", ...left);
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await gone;
    }
    if (this.#bridge !== undefined) ip("link", "delete", this.#bridge);
    this.#bridge = undefined;
    if (!this.#folder) return;
    for (const mount of mountsIn(this.#folder)) unmount(mount);
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  private get log(): string {
    return join(this.#folder ?? "", "log");
  }
}

/** Makes the first bridge that nobody has: the kernel refuses a second one of the same name, so that is the lock too. */
function makeBridge(): string {
  for (const { name, address } of BRIDGES) {
    try {
      ip("link", "add", "name", name, "type", "bridge");
    } catch {
      continue;
    }
    ip("addr", "add", address, "dev", name);
    ip("link", "set", name, "up");
    return name;
  }
  throw new Error(
    "none of the bridges cdknomad0 to cdknomad15 can be made; end other test runs, or remove what they left: ip link delete cdknomad0",
  );
}

function ip(...args: readonly string[]): void {
  execFileSync("ip", args, { stdio: "ignore" });
}

function onPath(program: string): boolean {
  return (process.env.PATH ?? "").split(":").some((folder) => existsSync(join(folder, program)));
}
