import { spawn } from "node:child_process";
import { accessSync, chmodSync, constants, existsSync, lstatSync, mkdirSync, readlinkSync, rmSync } from "node:fs";
import { chown } from "node:fs/promises";
import { join } from "node:path";
import { commandLine, type IsolationPlan, type Programs, type SlotPlace, type SystemFolder } from "./command-line";
import { asVariable, type Marks } from "./marks";
import { SettingsError, type Settings } from "./settings";

/** Where programs are looked for, and the PATH of commands: never where environment variables say, since some of them are started as root. */
export const FOLDERS = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/**
 * Users whose ids follow from the node's port, which is one server's alone on a node: two servers never share a user. Containers of a node do not keep them
 * apart: the kernel counts a user's processes over all of them, and a server that is no container ends the processes of its users in all of them.
 */
const FIRST_UID = 1_000_000_000;
/** Where those do not exist, as in a container with a small user namespace. */
const FIRST_UID_SMALL = 20_000;

/** How the slots of this server are kept apart, tried out. */
export interface Chosen extends IsolationPlan {
  readonly uidBase: number;
  readonly system: readonly SystemFolder[];
  /** Why better ways do not work here. */
  readonly reasons: readonly string[];
}

/** What the choice is made with: the server's port, and the mark that its processes have. */
export interface Trial {
  readonly port: number;
  readonly programs: Programs;
  readonly marks: Marks;
}

/**
 * The first of the kinds that the settings allow and that is possible here: each is tried by running a command in it.
 *
 * @throws SettingsError where none is possible, with the reason of each
 */
export async function chooseIsolation(settings: Settings, trial: Trial): Promise<Chosen> {
  const { programs, marks } = trial;
  const port = settings.nodePort ?? trial.port;
  const system = systemFolders();
  const root = process.getuid?.() === 0;
  const reasons: string[] = [];
  const bases = settings.uidBase === undefined ? [FIRST_UID + port * 256, FIRST_UID_SMALL] : [settings.uidBase];
  for (const kind of settings.isolation) {
    for (const plan of plansOf(kind, root, programs)) {
      for (const uidBase of plan.ownUsers ? bases : [0]) {
        const chosen = { ...plan, uidBase, system, reasons };
        const reason = await whyNot(chosen, settings.dataDir, marks);
        if (reason === undefined) return chosen;
        reasons.push(`${kind}${plan.namespaces ? " with namespaces" : ""}: ${reason}`);
      }
    }
    if (kind === "user" && !root) reasons.push("user: only root can give every slot a user of its own");
  }
  const words = [...new Set(reasons)].join("; ");
  throw new SettingsError(
    `the slots cannot be kept apart here (${words}): install bubblewrap, or start it as root; ` +
      "--isolation none runs every command as this user, with all that it reaches",
  );
}

/** The ways in which a kind can be had, the best first. */
function plansOf(kind: Settings["isolation"][number], root: boolean, programs: Programs): readonly IsolationPlan[] {
  const own = { ownUsers: root, programs };
  if (kind === "bubblewrap") return [{ ...own, kind, namespaces: true, network: true, workspace: "/workspace" }];
  if (kind === "none")
    return [{ kind, ownUsers: false, namespaces: false, network: false, programs, workspace: undefined }];
  if (!root) return [];
  // A folder that is there on every Linux; what the machine has mounted on it is then out of the command's sight.
  const workspace = existsSync("/workspace") ? "/workspace" : "/mnt";
  return [
    { ...own, kind, namespaces: true, network: true, workspace },
    { ...own, kind, namespaces: false, network: false, workspace: undefined },
  ];
}

/** Why a plan does not work here; undefined where it does. */
async function whyNot(plan: Chosen, dataDir: string, marks: Marks): Promise<string | undefined> {
  if (plan.kind === "none") return undefined;
  const folder = join(dataDir, `.probe-${process.pid}`);
  try {
    const place: SlotPlace = { workspace: join(folder, "workspace"), tmp: join(folder, "tmp"), uid: plan.uidBase };
    for (const path of [place.workspace, place.tmp]) {
      mkdirSync(path, { recursive: true });
      chmodSync(path, 0o700);
      if (plan.ownUsers) await chown(path, place.uid, place.uid);
    }
    const script = 'cd "$PWD" && : > probe && [ "$(cat probe)" = "" ] && command -v cat > /dev/null';
    const [program, ...args] = commandLine(plan, place, script, { network: !plan.network, system: plan.system });
    return await tried([program, ...args], place.workspace, marks);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function tried(command: readonly [string, ...string[]], cwd: string, marks: Marks): Promise<string | undefined> {
  const [program, ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd,
      env: { PATH: FOLDERS.join(":"), ...asVariable(marks.slot("probe")) },
      stdio: ["ignore", "ignore", "pipe"],
      timeout: 10_000,
    });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString("utf8").slice(0, 500)));
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code) => resolve(code === 0 ? undefined : said.trim() || `its trial ended with ${code}`));
  });
}

/** @throws SettingsError where there is no bash */
export function findPrograms(): Programs {
  const bash = onPath("bash");
  if (bash === undefined) throw new SettingsError(`bash is in none of ${FOLDERS.join(", ")}`);
  return { bash, bwrap: onPath("bwrap"), setpriv: onPath("setpriv"), unshare: onPath("unshare") };
}

function onPath(name: string): string | undefined {
  return FOLDERS.map((folder) => join(folder, name)).find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** What of the system a command in bubblewrap sees. */
function systemFolders(): readonly SystemFolder[] {
  return ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc"].flatMap((path) => {
    if (!existsSync(path)) return [];
    return lstatSync(path).isSymbolicLink() ? [{ path, target: readlinkSync(path) }] : [{ path }];
  });
}
