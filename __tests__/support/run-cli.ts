import { Readable, Writable } from "node:stream";
import { runCli, type System } from "../../lib/cli";
import { MACHINE } from "./binaries";
import type { Said } from "./project";

/** What a command run in this process is given; whatever is left out is as it is where no person and no cluster is near. */
export interface RunOptions extends Partial<
  Pick<System, "cwd" | "env" | "called" | "machine" | "signal" | "clock" | "silence" | "stdin" | "openPage">
> {
  /** Columns of a terminal, where stdout and stderr are one. Default: they are pipes. */
  readonly columns?: number;
  /** Told of what is printed, as it is printed. */
  readonly onOutput?: (text: string) => void;
}

/** Runs a command line in this process, and collects what it prints. */
export async function cli(args: readonly string[], options: RunOptions = {}): Promise<Said> {
  const { columns, onOutput, ...host } = options;
  const said = { stdout: "", stderr: "" };
  const output = (name: keyof typeof said) => {
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        said[name] += chunk.toString();
        onOutput?.(chunk.toString());
        done();
      },
    });
    return Object.assign(stream, columns === undefined ? {} : { isTTY: true, columns });
  };
  const code = await runCli(args, {
    stdin: Readable.from([]),
    stdout: output("stdout"),
    stderr: output("stderr"),
    env: { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: "1" },
    cwd: process.cwd(),
    machine: MACHINE,
    clock: { now: () => performance.now(), date: () => Date.now() },
    signal: new AbortController().signal,
    openPage: () => undefined,
    ...host,
  });
  return { code, ...said };
}

/** The environment of a test, with more. */
export function environment(more: Readonly<Record<string, string>> = {}): Record<string, string | undefined> {
  return { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: "1", ...more };
}
