import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { endianness } from "node:os";
import { dirname } from "node:path";
import { shortened, UserError } from "../../errors";
import { clusterFolder, configurationOf, userInWords, userOf, variableOf } from "../machine";

/** Where all agents of an embedded cluster listen, and nowhere else. */
export const LOOPBACK = "127.0.0.1";

/** The ports of an embedded cluster, where nobody moves them. */
const USUAL = {
  "Nomad HTTP": 4646,
  "Nomad RPC": 4647,
  "Nomad Serf": 4648,
  "Consul HTTP": 8500,
  "Consul gRPC": 8502,
  "Consul DNS": 8600,
  "Consul server": 8300,
  "Consul Serf": 8301,
  "Vault HTTP": 8200,
  "Vault cluster": 8201,
} as const;

/** A port by what it is for. */
type PortName = keyof typeof USUAL;
/** Every port that a cluster of one region may have. */
export type Ports = Readonly<Record<PortName, number>>;
/** The ports of one Nomad. */
export type NomadPorts = Pick<Ports, "Nomad HTTP" | "Nomad RPC" | "Nomad Serf">;

/** The ports of one Consul agent that is no server. */
export type ConsulClientPorts = Pick<Ports, "Consul HTTP" | "Consul gRPC" | "Consul Serf">;

/** The ports of the server that keeps secrets. */
export type VaultPorts = Pick<Ports, "Vault HTTP" | "Vault cluster">;

/** How far the ports of a region's Nomad are from those of the region before it. */
const BETWEEN_REGIONS = 100;
/** How far the ports of a region's Consul agent are from those of a server at the same place: 100 after a server's HTTP is its DNS. */
const BESIDE_SERVER = 40;

/**
 * The usual ports, all moved by the same amount.
 *
 * @throws UserError where one would not be a port
 */
export function portsAt(offset: number): Ports {
  const highest = Math.max(...Object.values(USUAL));
  if (!Number.isInteger(offset) || offset < 0 || offset + highest > 65535) {
    throw UserError.at("--port-offset", `${offset} is out of range; write 0 to ${65535 - highest}`, "ports");
  }
  return Object.fromEntries(Object.entries(USUAL).map(([name, port]) => [name, port + offset])) as Record<
    PortName,
    number
  >;
}

/** The ports of the Nomad of a region, the first being number 0. */
export function regionPortsAt(offset: number, region: number): NomadPorts {
  const ports = portsAt(offset + region * BETWEEN_REGIONS);
  return { "Nomad HTTP": ports["Nomad HTTP"], "Nomad RPC": ports["Nomad RPC"], "Nomad Serf": ports["Nomad Serf"] };
}

/** The ports of the Consul agent of a region after the first, the first being number 0. */
export function regionConsulPortsAt(offset: number, region: number): ConsulClientPorts {
  const ports = portsAt(offset + region * BETWEEN_REGIONS + BESIDE_SERVER);
  return {
    "Consul HTTP": ports["Consul HTTP"],
    "Consul gRPC": ports["Consul gRPC"],
    "Consul Serf": ports["Consul Serf"],
  };
}

/** Above what Linux hands out to connections, and what Nomad hands out by default (20000 to 32000). */
const FIRST_ABOVE_EPHEMERAL = 61_000;
const SLICES = 8;
const SLICE = 560;

/**
 * The ports that a Nomad gives to tasks that ask for any: its own default for the usual cluster, and a slice of its own for each region and
 * each offset, since two Nomads on one machine know nothing of each other's.
 *
 * @see https://developer.hashicorp.com/nomad/docs/configuration/client#min_dynamic_port
 */
export function dynamicPortsAt(
  offset: number,
  region: number,
): { readonly min_dynamic_port: number; readonly max_dynamic_port: number } | undefined {
  if (offset === 0 && region === 0) return undefined;
  const first = FIRST_ABOVE_EPHEMERAL + ((Math.floor(offset / 1000) + region) % SLICES) * SLICE;
  return { min_dynamic_port: first, max_dynamic_port: first + SLICE - 1 };
}

/** Ports that somebody else listens on, with who it is where that can be told. */
export async function takenPorts(
  ports: Readonly<Record<string, number>>,
): Promise<readonly { readonly name: string; readonly port: number; readonly owner: string | undefined }[]> {
  const checked = await Promise.all(
    Object.entries(ports).map(async ([name, port]) => ({ name, port, free: await isFree(port) })),
  );
  return checked.filter(({ free }) => !free).map(({ name, port }) => ({ name, port, owner: holderOf(port) }));
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: LOOPBACK, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Who listens on a port: on Linux, as far as /proc lets this user see; of a process of somebody else, whose it is. */
export function holderOf(port: number): string | undefined {
  try {
    const sockets = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) => listenersIn(table, port));
    const inodes = new Set(sockets.map(({ inode }) => inode));
    if (inodes.size === 0) return undefined;
    const pid = readdirSync("/proc").find((name) => /^\d+$/.test(name) && ownsSocket(name, inodes));
    if (pid !== undefined) return `process ${pid}, ${commandOf(pid)}${taskOf(Number(pid))}${clusterOf(pid)}`;
    return `a process of ${userInWords(sockets[0]?.uid ?? 0)}, of which only that user and root see more`;
  } catch {
    // No /proc here: it stays unknown.
    return undefined;
  }
}

/**
 * Whether it is a process itself that listens on a port of loopback. Where the system does not tell, whose it is decides; where it tells nothing, as macOS,
 * the process counts.
 */
export function listensItself(pid: number, port: number): boolean {
  if (!existsSync("/proc/net/tcp")) return true;
  const there = listenersIn("/proc/net/tcp", port).filter(({ address }) => address === LOOPBACK_HEX);
  if (ownsSocket(String(pid), new Set(there.map(({ inode }) => inode)))) return true;
  return !maySeeFiles(pid) && there.some(({ uid }) => uid === userOf(pid));
}

function maySeeFiles(pid: number): boolean {
  try {
    readdirSync(`/proc/${pid}/fd`);
    return true;
  } catch {
    return false;
  }
}

/** {@link LOOPBACK} as the kernel's table has it. */
const LOOPBACK_HEX = endianness() === "LE" ? "0100007F" : "7F000001";

/** Whose embedded cluster a process is an agent of, where it is one. */
function clusterOf(pid: string): string {
  const file = configurationOf(readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").filter(Boolean));
  return file !== undefined && dirname(file) === clusterFolder(dirname(dirname(file)))
    ? ` (of the embedded cluster of ${dirname(dirname(file))})`
    : "";
}

/** Whose task a process is, where it is one of some Nomad. */
function taskOf(pid: number): string {
  const job = variableOf(pid, "NOMAD_JOB_ID");
  const folder = variableOf(pid, "NOMAD_ALLOC_DIR");
  return job && folder ? ` (of the job ${job} in ${folder})` : "";
}

/** Sockets that listen on a port of this machine: where, and whose. */
function listenersIn(
  table: string,
  port: number,
): { readonly address: string; readonly inode: string; readonly uid: number }[] {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  return (existsSync(table) ? readFileSync(table, "utf8") : "")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[3] === "0A" && columns[1]?.endsWith(`:${hex}`))
    .map((columns) => ({
      address: columns[1]?.split(":")[0] ?? "",
      uid: Number(columns[7]),
      inode: columns[9] ?? "",
    }));
}

function ownsSocket(pid: string, inodes: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        return inodes.has(/^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? "");
      } catch {
        return false;
      }
    });
  } catch {
    return false;
  }
}

function commandOf(pid: string): string {
  return shortened(readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim(), 60);
}
