import { chmodSync, mkdirSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { httpServer } from "./http";
import { chooseIsolation } from "./isolation";
import { endUser, processesWhere, userOf } from "./processes";
import { Routes } from "./routes";
import { SettingsError, type Settings } from "./settings";
import { Slot } from "./slot";
import { tokenOf } from "./token-file";

/** Tells of an event in one line, without anything of a command or a secret. */
export type Note = (event: string, more?: Readonly<Record<string, unknown>>) => void;

/** A sandbox server that runs. */
export interface RunningServer {
  readonly port: number;
  /** Ends what runs, and stops listening. */
  close(): Promise<void>;
}

/**
 * Starts a sandbox server.
 *
 * @throws SettingsError where it cannot be what the settings say
 */
export async function startServer(given: Settings, note: Note): Promise<RunningServer> {
  mkdirSync(given.dataDir, { recursive: true, mode: 0o711 });
  const settings = { ...given, dataDir: realpathSync(given.dataDir) };
  const own = join(settings.dataDir, ".slots");
  mkdirSync(own, { recursive: true, mode: 0o711 });
  chmodSync(own, 0o711);
  const token = settings.tokenFile === undefined ? undefined : tokenOf(settings.tokenFile);
  let stopping = false;
  const slots = new Map<string, Slot>();
  let ready: (routes: Routes) => void = () => undefined;
  const server = httpServer({
    limits: settings.limits,
    token,
    routes: new Promise((resolve) => (ready = resolve)),
    stopping: () => stopping,
    failed: (error, path) =>
      note("failed", { path, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(new SettingsError(`cannot listen on ${settings.listen}: ${error.message}`)));
    server.listen(settings.port, settings.listen, resolve);
  });
  const { port } = server.address() as AddressInfo;
  try {
    const isolation = await chooseIsolation(settings, port);
    removeLeftovers(own);
    if (isolation.ownUsers) await endUsers(isolation.uidBase, settings.slots, isolation.programs.setpriv ?? "setpriv");
    for (let number = 0; number < settings.slots; number += 1) {
      const surroundings = { dataDir: settings.dataDir, isolation, limits: settings.limits, note };
      slots.set(`slot_${number}`, new Slot(`slot_${number}`, number, surroundings));
    }
    ready(
      new Routes(slots, { dataDir: settings.dataDir, token: token !== undefined, isolation, limits: settings.limits }),
    );
    for (const slot of slots.values()) slot.prepare();
    const { kind, ownUsers, namespaces, network } = isolation;
    note("listening", {
      address: settings.listen,
      port,
      slots: slots.size,
      isolation: kind,
      own_users: ownUsers,
      namespaces,
      network_isolation: network,
      token: token !== undefined,
      ...(isolation.reasons.length > 0 ? { not_possible: isolation.reasons } : {}),
    });
  } catch (error) {
    server.close();
    server.closeAllConnections();
    throw error;
  }
  return {
    port,
    close: async () => {
      stopping = true;
      const closed = new Promise((resolve) => server.close(resolve));
      await Promise.all([...slots.values()].map((slot) => slot.close()));
      server.closeIdleConnections();
      setTimeout(() => server.closeAllConnections(), 500).unref();
      await closed;
    },
  };
}

/** What a server before this one did not come to remove. */
function removeLeftovers(own: string): void {
  for (const slot of readdirSync(own)) {
    for (const name of readdirSync(join(own, slot))) {
      if (name.startsWith("pipes-")) rmSync(join(own, slot, name), { recursive: true, force: true });
      if (name.startsWith("trash-")) void rm(join(own, slot, name), { recursive: true, force: true });
    }
  }
}

/** Ends what a server before this one left of its slots' users. */
async function endUsers(first: number, count: number, setpriv: string): Promise<void> {
  const users = processesWhere((pid) => {
    const uid = userOf(pid);
    return uid !== undefined && uid >= first && uid < first + count;
  }).map(userOf);
  await Promise.all([...new Set(users)].map((uid) => (uid === undefined ? undefined : endUser(uid, setpriv))));
}
