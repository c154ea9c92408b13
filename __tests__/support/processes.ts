import { readdirSync, readFileSync } from "node:fs";

/** A process of this machine, as /proc has it. */
export interface MachineProcess {
  readonly pid: number;
  readonly command: string;
  readonly environment: string;
}

/** Every process, those of tasks with a root of their own among them; none that has ended and only waits to be asked about. */
export function machineProcesses(): readonly MachineProcess[] {
  return pids().map((pid) => ({
    pid: Number(pid),
    command: argumentsOf(pid),
    environment: readOr(`/proc/${pid}/environ`).replaceAll("\0", " "),
  }));
}

/** Processes that have a text in their arguments, not as a part of a longer number, by their ids. */
export function processesWith(text: string): readonly string[] {
  const own = new RegExp(String.raw`(?<!\d)${text}(?!\d)`);
  return pids().filter((pid) => own.test(argumentsOf(pid)));
}

/** Processes that have a text in their arguments or in their environment. */
export function processesNaming(text: string): readonly MachineProcess[] {
  return machineProcesses().filter(({ command, environment }) => `${command} ${environment}`.includes(text));
}

/** The process that started a process, or took it over; 0 where it has ended. */
export function parentOf(pid: number): number {
  return Number(/^PPid:\s*(\d+)$/m.exec(readOr(`/proc/${pid}/status`))?.[1] ?? 0);
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

/** Seconds that nothing else sleeps for, in this file of tests and in those that run beside it, so that a process is found again. */
export function nap(): string {
  return String((100_000 + process.pid) * 1000 + (drawn += 1));
}

function readOr(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function pids(): readonly string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      const stat = readOr(`/proc/${pid}/stat`);
      return stat !== "" && !/^\d+ \(.*\) Z/s.test(stat);
    });
}
