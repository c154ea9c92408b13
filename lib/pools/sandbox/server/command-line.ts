import type { Isolation } from "../protocol";

/** The programs that keep slots apart, by their whole paths. */
export interface Programs {
  readonly bash: string;
  readonly bwrap?: string;
  readonly setpriv?: string;
  readonly unshare?: string;
}

/** How slots are kept apart on this machine. */
export interface IsolationPlan {
  readonly kind: Isolation;
  /** Whether each slot has a user of its own. */
  readonly ownUsers: boolean;
  /** Whether a command has namespaces of processes and mounts, which end with it. */
  readonly namespaces: boolean;
  /** Whether a command can be kept from the network. */
  readonly network: boolean;
  readonly programs: Programs;
  /** Where a command finds its workspace; undefined: where it is on the machine. */
  readonly workspace: string | undefined;
}

/** The folders of a slot, and its user. */
export interface SlotPlace {
  readonly workspace: string;
  readonly tmp: string;
  readonly uid: number;
}

/** Folders of the system that a command may read: links and folders as they are on this machine. */
export interface SystemFolder {
  readonly path: string;
  /** Where it is a symbolic link. */
  readonly target?: string;
}

/**
 * The program and the arguments that start a slot's shell: nothing in them differs between two commands of a slot, but whether it has a network.
 */
export function commandLine(
  plan: IsolationPlan,
  place: SlotPlace,
  script: string,
  options: { readonly network: boolean; readonly system: readonly SystemFolder[] },
): readonly [string, ...string[]] {
  const { programs, ownUsers } = plan;
  const shell = [programs.bash, "--noprofile", "--norc", "-c", script, "bash"] as const;
  const asUser = (...command: readonly string[]): readonly [string, ...string[]] => {
    if (!ownUsers) return command as readonly [string, ...string[]];
    const id = String(place.uid);
    // The kernel forgets a signal for the parent's end when the user changes: it is asked for again.
    return [
      needed(programs.setpriv, "setpriv"),
      ...["--reuid", id, "--regid", id, "--clear-groups", "--no-new-privs", "--pdeathsig", "KILL", "--", ...command],
    ];
  };
  if (plan.kind === "bubblewrap") {
    const bwrap = needed(programs.bwrap, "bwrap");
    return [bwrap, ...bubblewrap(plan, place, options), "--", ...asUser(...shell)];
  }
  if (plan.kind === "user" && plan.namespaces) {
    return [
      needed(programs.setpriv, "setpriv"),
      ...["--pdeathsig", "KILL", "--", needed(programs.unshare, "unshare")],
      ...["--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child=KILL", "--mount-proc"],
      ...(options.network ? [] : ["--net"]),
      ...["--", "/bin/sh", "-c", mountScript(plan, place), "sh", place.tmp, place.workspace],
      ...asUser(...shell),
    ];
  }
  return asUser(...shell);
}

/**
 * Mounts of a command's own: its workspace at a place that every user may go through, and the slot's folder where others share one. Its arguments are
 * the slot's folder for temporary files, the workspace, and the command.
 */
function mountScript(plan: IsolationPlan, place: SlotPlace): string {
  const target = plan.workspace ?? place.workspace;
  const workspace = `mount --bind "$2" ${target}`;
  const tmp = 'mount --bind "$1" /tmp && { [ ! -d /var/tmp ] || [ -L /var/tmp ] || mount --bind /tmp /var/tmp; }';
  const memory = "[ ! -d /dev/shm ] || mount -t tmpfs -o mode=1777,size=64m,nosuid,nodev tmpfs /dev/shm";
  // A mount hides what lies below it: the one whose source the other would hide comes first.
  const both = place.tmp.startsWith(`${target}/`) ? [tmp, workspace] : [workspace, tmp];
  // The shell of the script stays: a namespace's first process takes no signal and has others' orphans to reap, which no command expects.
  return `${[...both, memory, `cd ${target}`, "shift 2"].map((step) => `{ ${step}; }`).join(" && ")} && "$@"; exit $?`;
}

function bubblewrap(
  plan: IsolationPlan,
  place: SlotPlace,
  { network, system }: { readonly network: boolean; readonly system: readonly SystemFolder[] },
): readonly string[] {
  return [
    // Root gives its rights up inside, for the slot's user: a folder that only root may go through can then be its workspace.
    ...(plan.ownUsers
      ? [
          "--cap-drop",
          "ALL",
          ...["CAP_SETUID", "CAP_SETGID", "CAP_DAC_READ_SEARCH"].flatMap((cap) => ["--cap-add", cap]),
        ]
      : ["--unshare-user"]),
    ...["--unshare-pid", "--unshare-uts", "--unshare-ipc", "--die-with-parent", "--new-session"],
    ...(network ? [] : ["--unshare-net"]),
    ...system.flatMap(({ path, target }) =>
      target === undefined ? ["--ro-bind", path, path] : ["--symlink", target, path],
    ),
    ...["--proc", "/proc", "--dev", "/dev", "--bind", place.tmp, "/tmp"],
    ...["--bind", place.workspace, plan.workspace ?? "/workspace", "--chdir", plan.workspace ?? "/workspace"],
  ];
}

function needed(program: string | undefined, name: string): string {
  if (program === undefined) throw new Error(`${name} is not on PATH`);
  return program;
}
