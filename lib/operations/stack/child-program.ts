import { setMaxListeners } from "node:events";
import { spawn, type ChildProcessByStdio } from "node:child_process";
import type { Readable } from "node:stream";
import { atExit } from "./at-exit";

/** A program that is run, and how. */
export interface ChildProgram {
  /** The command, or a line of the shell where there are no arguments. */
  readonly command: string;
  readonly args?: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  /** Whether what it leaves running when it ends is ended too. Default: it is waited for, as a shell waits for what writes to its pipe. */
  readonly endsRest?: boolean;
}

/** How a program ended, and what it wrote to stdout and stderr. */
export interface ProgramEnd {
  readonly code: number | null;
  readonly ending: NodeJS.Signals | null;
  readonly output: string;
}

/** So much of the end of a program's output is kept, in characters. */
const MOST_OUTPUT = 1024 * 1024;

/**
 * Runs a program in a process group of its own, and waits for its end, however long that takes. Nothing that it does reaches this process
 * but what it writes. Where the signal is aborted, it is ended with everything that it started.
 *
 * @throws the signal's reason, where it is aborted
 */
export async function runChild({ command, args, cwd, env, signal, endsRest }: ChildProgram): Promise<ProgramEnd> {
  signal?.throwIfAborted();
  const child = spawn(command, args ?? [], {
    cwd,
    shell: args === undefined,
    stdio: ["ignore", "pipe", "pipe"],
    env,
    // It may run others: together they are a group, which is ended as one.
    detached: true,
  });
  let output = "";
  let isCut = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      output += text;
      if (output.length > 2 * MOST_OUTPUT) [output, isCut] = [output.slice(-MOST_OUTPUT), true];
    });
  }
  const end = await endOf(child, signal, endsRest ?? false);
  signal?.throwIfAborted();
  isCut ||= output.length > MOST_OUTPUT;
  return { ...end, output: isCut ? `… (the beginning is left out)\n${wholeLines(output)}`.trim() : output.trim() };
}

/** The end of a text, from the beginning of a line: what hides secrets knows whole ones. */
function wholeLines(text: string): string {
  const end = text.slice(-MOST_OUTPUT);
  return end.slice(end.indexOf("\n") + 1);
}

/** How long a program may take to end once it is told to, in milliseconds. */
const GRACE = 500;

/** Waits until a program has ended; where the signal is aborted, ends it and everything that it started. */
async function endOf(
  child: ChildProcessByStdio<null, Readable, Readable>,
  signal: AbortSignal | undefined,
  endsRest: boolean,
): Promise<Pick<ProgramEnd, "code" | "ending">> {
  let grace: NodeJS.Timeout | undefined;
  const kill = () => endGroup(child, "SIGKILL");
  const onAbort = () => {
    endGroup(child, "SIGTERM");
    grace = setTimeout(kill, GRACE);
  };
  const forget = atExit(kill);
  // Many programs end by one signal, and that is no leak: Node would warn of it from eleven on.
  if (signal) setMaxListeners(0, signal);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    return await new Promise((resolve, reject) => {
      child.once("error", reject);
      // What the program left running may hold its output open: once it was told to end, nobody waits for that.
      child.once("exit", (code, ending) => {
        if (signal?.aborted) resolve({ code, ending });
        if (!endsRest) return;
        kill();
        // What left the group may hold the output open still.
        grace = setTimeout(() => resolve({ code, ending }), GRACE);
      });
      child.once("close", (code, ending) => resolve({ code, ending }));
    });
  } finally {
    clearTimeout(grace);
    if (signal?.aborted) kill();
    if (endsRest) for (const stream of [child.stdout, child.stderr]) stream.destroy();
    forget();
    signal?.removeEventListener("abort", onAbort);
  }
}

function endGroup({ pid }: { readonly pid?: number }, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // All of it has ended.
  }
}
