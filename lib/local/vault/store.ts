import { existsSync, mkdtempSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as v from "valibot";
import { shortened, UserError } from "../../errors";
import { apiPath } from "../../nomad";
import { addressOf, filesOf, NEW_VAULT, type VaultServer, endAgent, startAgent } from "../agents";
import type { Binary } from "../programs";
import { VaultClient } from "./client";
import { vaultConfig } from "./config";
import { readVaultKeys, removeVaultKeys, writeVaultKeys, type VaultKeys } from "./keys";

/** How long a server may take to answer, or to open its store, in milliseconds. */
const READY_LIMIT = 30_000;

const initialized = v.object({ keys: v.pipe(v.array(v.string()), v.length(1)), root_token: v.string() });
const configured = v.object({ listener: v.array(v.object({ unix: v.object({ address: v.string() }) })) });

/** What making a store takes. */
export interface StoreOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Variables of the agent's own. */
  readonly own: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Whether a store is there, and the keys that open it. */
export function hasStore(folder: string, vault: VaultServer): boolean {
  return readVaultKeys(folder) !== undefined && existsSync(join(filesOf(folder, vault.name).data, "vault.db"));
}

/**
 * Makes the store of the server of secrets. Whoever asks a new server first is given the token that may do everything, so it listens meanwhile on a
 * socket in a folder that nobody else may enter, and on no port.
 *
 * @throws UserError where it does not get so far
 */
export async function makeStore(
  folder: string,
  vault: VaultServer,
  binary: Binary,
  { env, own, signal }: StoreOptions,
): Promise<void> {
  const files = { ...filesOf(folder, NEW_VAULT), data: filesOf(folder, vault.name).data };
  await abandonStore(folder, signal);
  // What is there is of no use to anybody without its keys.
  removeVaultKeys(folder);
  rmSync(files.data, { recursive: true, force: true });
  // Not in the cluster's folder, whose path may be longer than that of a socket.
  const socket = join(mkdtempSync(join(tmpdir(), "cdk-nomad-vault-")), "vault.sock");
  const client = new VaultClient("http://localhost", { socket });
  try {
    const pid = startAgent({ binary, config: vaultConfig(vault, files, { socket }), files, env, own });
    await until(async () => !(await client.health()).initialized, files.log, { signal, pid });
    const body = { secret_shares: 1, secret_threshold: 1 };
    const { keys, root_token: token } = await client.change("PUT", apiPath`/v1/sys/init`, initialized, body);
    // Before the store is used, so that none is in use whose keys nobody has.
    writeVaultKeys(folder, { token, unseal: keys[0] ?? "" });
  } finally {
    await client.close();
    await abandonStore(folder, signal);
  }
}

/** Ends what makes a store, where it lives still, and takes away what it left. */
export async function abandonStore(folder: string, signal?: AbortSignal): Promise<void> {
  await endAgent(folder, NEW_VAULT, signal);
  const { config, log } = filesOf(folder, NEW_VAULT);
  const socket = socketIn(config);
  if (socket !== undefined) {
    rmSync(socket, { force: true });
    try {
      rmdirSync(dirname(socket));
    } catch {
      // It is gone already, or holds what is not ours.
    }
  }
  for (const file of [config, log]) rmSync(file, { force: true });
}

function socketIn(config: string): string | undefined {
  try {
    return v.parse(configured, JSON.parse(readFileSync(config, "utf8"))).listener[0]?.unix.address;
  } catch {
    return undefined;
  }
}

/** Opens the store of a server that runs, unless it is open. @throws UserError where it does not open */
export async function openStore(
  vault: VaultServer,
  { unseal, caFile }: VaultKeys,
  log: string,
  signal?: AbortSignal,
): Promise<void> {
  const client = new VaultClient(addressOf(vault), { caFile });
  try {
    await until(
      async () => {
        const { sealed, standby } = await client.health();
        if (sealed) await client.write(apiPath`/v1/sys/unseal`, { key: unseal });
        return !sealed && !standby;
      },
      log,
      { signal },
    );
  } finally {
    await client.close();
  }
}

/** Whether the server of secrets answers at all. */
export async function answers(vault: VaultServer): Promise<boolean> {
  return (await healthOf(vault)) !== undefined;
}

/** Whether the server of secrets gives out what it keeps. */
export async function isOpen(vault: VaultServer): Promise<boolean> {
  const health = await healthOf(vault);
  return health !== undefined && !health.sealed && !health.standby;
}

async function healthOf(vault: VaultServer) {
  // It is told nothing, and whose process listens there is known otherwise.
  const client = new VaultClient(addressOf(vault), { isAnybody: true });
  try {
    return await client.health();
  } catch {
    return undefined;
  } finally {
    await client.close();
  }
}

/** What waiting for a server of secrets takes. */
interface Waiting {
  readonly signal?: AbortSignal;
  /** Its process: one that has ended is not waited for. Default: it is waited for all the time. */
  readonly pid?: number;
}

async function until(holds: () => Promise<boolean>, log: string, { signal, pid }: Waiting): Promise<void> {
  let said: unknown;
  const begun = performance.now();
  for (const end = performance.now() + READY_LIMIT; performance.now() < end; await sleep(50, undefined, { signal })) {
    try {
      if (await holds()) return;
    } catch (error) {
      said = error;
    }
    if (pid !== undefined && !isAlive(pid)) break;
  }
  const seconds = Math.round((performance.now() - begun) / 1000);
  const last = lastLine(log);
  const why = last !== undefined ? `; it said last: ${last}` : said instanceof Error ? ` (${said.message})` : "";
  // The log of one that only makes the store goes with it.
  const ended = pid !== undefined && !isAlive(pid);
  const what = ended ? "vault ended before it was ready" : `vault was not ready after ${seconds} s`;
  throw UserError.at("", `${what}${why}${pid === undefined ? `; its log is ${log}` : ""}`, "agent");
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The last line that a program wrote into its log, which says why it ended; undefined where there is none. */
function lastLine(log: string): string | undefined {
  try {
    return shortened(readFileSync(log, "utf8").trim().split("\n").at(-1)?.trim() ?? "", 500) || undefined;
  } catch {
    return undefined;
  }
}
