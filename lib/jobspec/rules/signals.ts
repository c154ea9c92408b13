import type { SidecarTask, Task, Template } from "../blocks";
import { nearestOf, type Place } from "../engine";
import { each, servicesOf, type GroupRule } from "./walk";

/** The signals that Nomad's client sends on Linux and macOS, by the names under which a node says so in `attr.os.signals`. */
const SIGNALS: readonly string[] = [
  "SIGNULL",
  "SIGABRT",
  "SIGALRM",
  "SIGBUS",
  "SIGCONT",
  "SIGFPE",
  "SIGHUP",
  "SIGILL",
  "SIGINT",
  "SIGIO",
  "SIGIOT",
  "SIGKILL",
  "SIGPIPE",
  "SIGPROF",
  "SIGQUIT",
  "SIGSEGV",
  "SIGSTOP",
  "SIGSYS",
  "SIGTERM",
  "SIGTRAP",
  "SIGTSTP",
  "SIGTTIN",
  "SIGTTOU",
  "SIGUSR1",
  "SIGUSR2",
  "SIGWINCH",
  "SIGXCPU",
  "SIGXFSZ",
];

/**
 * Signals that no node sends: a server takes any name, and adds a constraint by it that no node meets.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/task#kill_signal
 */
export const signals: GroupRule = (group) => {
  for (const { value, at } of group.tasks) {
    killSignal(value, at);
    for (const template of each<Template>(value.templates, at, "templates"))
      if (template.value.changeMode === "signal") changeSignal(template.value.changeSignal, template.at);
    if (value.vault?.changeMode === "signal") changeSignal(value.vault.changeSignal, at.property("vault"));
  }
  for (const { value, at } of servicesOf(group))
    if (value.connect?.sidecarTask)
      killSignal(value.connect.sidecarTask, at.property("connect").property("sidecarTask"));
};

function killSignal({ killSignal: signal }: Task | SidecarTask, at: Place): void {
  if (signal) known(signal, signal, at.property("killSignal"));
}

/** A server writes these in capitals. */
function changeSignal(signal: string | undefined, at: Place): void {
  if (signal) known(signal, signal.toUpperCase(), at.property("changeSignal"));
}

function known(written: string, signal: string, at: Place): void {
  if (SIGNALS.includes(signal) || signal.includes("${")) return;
  const capitals = signal.toUpperCase();
  const near = nearestOf(capitals.startsWith("SIG") ? capitals : `SIG${capitals}`, SIGNALS);
  const wayOut = near === undefined ? 'write one such as "SIGTERM"' : `write "${near}"`;
  at.warning("task/signal", `no node sends a signal "${written}", so the task is placed nowhere; ${wayOut}`);
}
