import { spawn, type ChildProcess } from "node:child_process";
import type { Programs } from "./command-line";
import { asVariable, type Marks } from "./marks";
import { hasVariable, processesWhere } from "./processes";

/** Milliseconds until another guard is started, where one was ended by somebody. */
const AGAIN_AFTER = 1000;
/** Milliseconds in which the guard of a server before this one has done its work. */
const PATIENCE = 3000;

/**
 * What the guard runs: it waits until its standard input ends, which is with the server, and then ends what it finds until it has found nothing for a
 * while, since what the server was just starting is marked only a moment later. Its arguments are the mark and setpriv; on its standard input
 * come the first and the last of the slots' users.
 */
const SCRIPT = `
trap '' HUP INT TERM
first=1 last=0
while read -r a b; do first=$a last=$b; done
for ((quiet = 0; quiet < 4;)); do
  ((quiet += 1))
  users=' '
  for p in /proc/[0-9]*; do
    state= uid=0
    while read -r key value _; do
      case $key in State:) state=$value ;; Uid:) uid=$value; break ;; esac
    done <"$p/status"
    case $state in Z | X | '') continue ;; esac
    if ((uid >= first && uid <= last)); then
      case $users in *" $uid "*) ;; *) users+="$uid " ;; esac
      continue
    fi
    while IFS= read -r -d '' variable; do
      case $variable in "$1"*) quiet=0; kill -9 "\${p#/proc/}"; break ;; esac
    done <"$p/environ"
  done
  for uid in $users; do
    quiet=0
    "$2" --reuid "$uid" --regid "$uid" --clear-groups -- /bin/sh -c 'kill -9 -1'
  done
  sleep 0.05
done`;

/** Ends the processes of a server's slots once the server is gone, however it ended: nothing is left to what a killed server could still do. */
export class Guard {
  #child: ChildProcess | undefined;
  #users = "";
  #closed = false;
  #again: NodeJS.Timeout | undefined;

  constructor(
    private readonly marks: Marks,
    private readonly programs: Programs,
    private readonly note: (event: string) => void,
  ) {
    this.start();
  }

  /** Says which users the slots have. */
  watch(first: number, count: number): void {
    this.#users = `${first} ${first + count - 1}\n`;
    this.#child?.stdin?.write(this.#users);
  }

  /** Lets it look one last time, and end. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#again);
    this.#child?.stdin?.end();
  }

  private start(): void {
    const { bash, setpriv = "setpriv" } = this.programs;
    // In a session of its own: what ends the server's process group is what it is there for.
    const child = spawn(bash, ["--noprofile", "--norc", "-c", SCRIPT, "sandbox-guard", this.marks.server, setpriv], {
      stdio: ["pipe", "ignore", "ignore"],
      env: { PATH: "/usr/bin:/bin", ...asVariable(this.marks.guard) },
      cwd: "/",
      detached: true,
    });
    child.unref();
    child.stdin.on("error", () => undefined);
    child.stdin.write(this.#users);
    const gone = () => {
      if (this.#closed || this.#child !== child) return;
      this.note("guard-ended");
      this.#again = setTimeout(() => this.start(), AGAIN_AFTER).unref();
    };
    child.once("error", gone).once("exit", gone);
    this.#child = child;
  }
}

/** Waits for the guard of a server that had this folder before: it ends what it finds, and would find the new slots by their users. */
export async function guardsGone({ guard }: Marks): Promise<void> {
  for (const until = performance.now() + PATIENCE; performance.now() < until;) {
    if (processesWhere((pid) => hasVariable(pid, guard)).length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
