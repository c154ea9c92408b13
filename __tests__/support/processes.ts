import { readdirSync, readFileSync } from "node:fs";

/** Processes of this machine, those of tasks with a root of their own among them, that have a text in their arguments; zombies have ended. */
export function processesWith(text: string): readonly string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => argumentsOf(pid).includes(text))
    .filter((pid) => !/^\d+ \(.*\) Z/s.test(readOr(`/proc/${pid}/stat`)));
}

/** What a process was started with; "" where it has ended. */
export function argumentsOf(pid: string): string {
  return readOr(`/proc/${pid}/cmdline`).split("\0").join(" ");
}

/** Lines of shell that start children who do all that a child can to outlive what started it. */
export function forksAway(seconds: string): string {
  return (
    `trap '' TERM INT HUP; sleep ${seconds} & setsid sleep ${seconds} & (nohup setsid sleep ${seconds} >/dev/null 2>&1 &); ` +
    `(env -i setsid /bin/sh -c 'sleep ${seconds}; :' &); (env -u CDK_NOMAD_EXECUTION setsid sleep ${seconds} &); `
  );
}

let drawn = 0;

/** Seconds that nothing else sleeps for, so that a process is found again. */
export function nap(): string {
  return `7${process.pid}${(drawn += 1)}`;
}

function readOr(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
