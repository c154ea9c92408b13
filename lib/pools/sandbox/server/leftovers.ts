import { execFile } from "node:child_process";
import { chmodSync, constants, existsSync, lstatSync, readFileSync, realpathSync, statSync } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";

/** Folders of a machine in which everybody may write. */
const SHARED = ["/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run/lock", "/var/lock"];
const ANYBODY_WRITES = 0o022;
const STICKY = 0o1000;
/** Paths that are removed by one process: its arguments have a limit. */
const AT_ONCE = 1000;

/** Those folders, with the ones of Nomad's allocation: it makes them for everybody to write in, the folder of secrets included. */
export function sharedFolders(dataDir: string, env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const { NOMAD_ALLOC_DIR: shared, NOMAD_TASK_DIR: task, NOMAD_SECRETS_DIR: secrets } = env;
  const ofNomad = [...(shared ? ["", "data", "tmp", "logs"].map((name) => join(shared, name)) : []), task, secrets];
  const named = [...SHARED, ...ofNomad, dataDir].filter((folder) => folder !== undefined && folder !== "") as string[];
  // One may have several names.
  return [...new Set(named.filter((folder) => existsSync(folder)).map((folder) => realpathSync(folder)))];
}

/**
 * Has everybody else leave alone what is in a folder, where they may write: without the sticky bit a slot's user could put a token or a slot of its own
 * in the place of the server's.
 */
export function protect(folder: string): void {
  const { mode } = statSync(folder);
  if ((mode & ANYBODY_WRITES) !== 0 && (mode & STICKY) === 0) chmodSync(folder, (mode & 0o7777) | STICKY);
}

/**
 * Removes what a slot's user left where everybody may write, so that the next holder of the slot, who has the same user, does not find it. None of the
 * user's processes runs meanwhile.
 *
 * @param folders of {@link sharedFolders}
 * @param kept what is in such a folder and stays
 * @param setpriv the program that gives the server's rights up
 * @throws Error where something stays within the user's reach
 */
export async function removeLeftovers(
  uid: number,
  folders: readonly string[],
  kept: readonly string[],
  setpriv: string,
): Promise<void> {
  const found: string[] = [];
  for (const folder of folders)
    for (const name of await readdir(folder).catch(() => [])) {
      const path = join(folder, name);
      if (!kept.includes(path) && isOwn(path, uid)) found.push(path);
    }
  // By the user itself: another slot may move a link in while root would be removing.
  const asUser = (...command: readonly string[]) =>
    run(setpriv, ["--reuid", String(uid), "--regid", String(uid), "--clear-groups", "--", ...command]);
  const script = 'chmod -R u+rwx -- "$@"; rm -rf -- "$@"';
  for (let at = 0; at < found.length; at += AT_ONCE)
    await asUser("/bin/sh", "-c", script, "sh", ...found.slice(at, at + AT_ONCE));
  // What others put into a folder of its own it may not remove: the folder is taken from it.
  for (const path of found) if (isOwn(path, uid)) await takeAway(path);
  const objects = () => [
    ...objectsOf(uid, "shm", "-m"),
    ...objectsOf(uid, "sem", "-s"),
    ...objectsOf(uid, "msg", "-q"),
  ];
  if (objects().length > 0) await asUser("ipcrm", ...objects());
  if (objects().length > 0) throw new Error("what a slot left in System V's memory stays; is there no ipcrm?");
}

function isOwn(path: string, uid: number): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.uid === uid;
}

async function takeAway(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    await folder.chown(0, 0);
    await folder.chmod(0o700);
  } finally {
    await folder.close();
  }
}

/** Shared memory, semaphores or queues of System V that belong to a user: they outlive its processes. */
function objectsOf(uid: number, kind: "shm" | "sem" | "msg", flag: string): readonly string[] {
  try {
    const [head = "", ...lines] = readFileSync(`/proc/sysvipc/${kind}`, "utf8").trimEnd().split("\n");
    const names = head.trim().split(/\s+/);
    const owner = names.indexOf("uid");
    return lines
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[owner] === String(uid))
      .flatMap(([, id = ""]) => [flag, id]);
  } catch {
    // This kernel has none.
    return [];
  }
}

/** Runs a program to its end; what it could not do is looked at afterwards. */
function run(program: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    execFile(program, args, { env: { PATH: "/usr/bin:/bin" }, cwd: "/" }, () => resolve());
  });
}
