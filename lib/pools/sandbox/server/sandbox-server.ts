import { chmodSync, lstatSync, mkdirSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { Guard, guardsGone } from "./guard";
import { httpServer } from "./http";
import { chooseIsolation, findPrograms } from "./isolation";
import { protect } from "./leftovers";
import { Marks } from "./marks";
import { endMarked, endUser, usersRunning } from "./processes";
import { Routes } from "./routes";
import { LEAST_UID, SettingsError, type Settings } from "./settings";
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
  // Only root has slots with users of their own.
  const isRoot = process.getuid?.() === 0;
  if (isRoot) protect(settings.dataDir);
  if (isRoot && settings.tokenFile !== undefined) protect(dirname(settings.tokenFile));
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
  const marks = new Marks(settings.dataDir);
  let guard: Guard | undefined;
  try {
    await guardsGone(marks);
    const programs = findPrograms();
    guard = new Guard(marks, programs, note);
    await endMarked(marks.folder);
    const isolation = await chooseIsolation(settings, { port, programs, marks });
    if (isolation.ownUsers) {
      const users = [...usersOf(settings.dataDir), ...between(isolation.uidBase, isolation.uidBase + settings.slots)];
      await endUsers(users, programs.setpriv ?? "setpriv");
      guard.watch(isolation.uidBase, settings.slots);
    }
    removeRemains(own);
    for (let number = 0; number < settings.slots; number += 1) {
      const parts = { dataDir: settings.dataDir, isolation, limits: settings.limits, marks, note };
      slots.set(`slot_${number}`, new Slot(`slot_${number}`, number, parts));
    }
    ready(
      new Routes(slots, { dataDir: settings.dataDir, token: token !== undefined, isolation, limits: settings.limits }),
    );
    for (const slot of slots.values()) void slot.open();
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
    guard?.close();
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
      guard.close();
      server.closeIdleConnections();
      setTimeout(() => server.closeAllConnections(), 500).unref();
      await closed;
    },
  };
}

/** What a server before this one did not come to remove. */
function removeRemains(own: string): void {
  for (const slot of readdirSync(own)) {
    for (const name of readdirSync(join(own, slot))) {
      if (name.startsWith("pipes-")) rmSync(join(own, slot, name), { recursive: true, force: true });
      if (name.startsWith("trash-")) void rm(join(own, slot, name), { recursive: true, force: true });
    }
  }
}

/** The users that the workspaces of a folder have from a server before this one, which may have had others. */
function usersOf(dataDir: string): readonly number[] {
  const slots = readdirSync(dataDir).filter((name) => /^slot_\d+$/.test(name));
  return slots.map((name) => lstatSync(join(dataDir, name)).uid).filter((uid) => uid >= LEAST_UID);
}

/** Ends what a server before this one left of its slots' users. */
async function endUsers(users: readonly number[], setpriv: string): Promise<void> {
  await Promise.all([...usersRunning(new Set(users))].map((uid) => endUser(uid, setpriv)));
}

function between(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}
