import type { Limits } from "./limits";

/** Characters of a command that the shell reads by itself. */
const READ_BY_SHELL = 8192;

/**
 * The script that every command of a slot begins with, run by bash as the slot's user, inside of its namespaces. It is the same for all commands:
 * what differs comes over descriptor 3, so that variables, secrets and the command itself stand in no argument, and are not there before the
 * rights of the server are given up.
 *
 * Over descriptor 3 come texts that each end with a NUL: variables (`NAME=value`), an empty one, the folder to start in ("" for the workspace),
 * `1` where the folder and the variables shall be told at the end, `1` where something comes on standard input, and the command to the end of the stream. Over descriptor 4 it says `ready` when it
 * has read them, and tells at the end the folder, then what `env` says, each with a NUL behind it.
 */
export function startScript(
  limits: Limits,
  options: { readonly ownUser: boolean; readonly privateTmp: boolean },
): string {
  const kibibytes = (mebibytes: number) => mebibytes * 1024;
  return [
    `umask ${options.privateTmp ? "022" : "077"}`,
    `ulimit -c 0; ulimit -n ${limits.openFiles}; ulimit -f ${kibibytes(limits.fileSize)}; ulimit -d ${kibibytes(limits.memory)}`,
    ...(options.ownUser ? [`ulimit -u ${limits.processes}`] : []),
    // Where memory is short, a command ends before its server.
    "echo 1000 2>/dev/null >/proc/self/oom_score_adj",
    'while IFS= read -r -d "" -u 3 __s && [ -n "$__s" ]; do export "$__s"; done',
    'IFS= read -r -d "" -u 3 __d && IFS= read -r -d "" -u 3 __k && IFS= read -r -d "" -u 3 __i || exit 125',
  ]
    .map((line) => `{ ${line}; } 2>/dev/null`)
    .concat(
      'printf "ready\\0" >&4',
      // What comes from outside is a socket, which cannot be opened as /dev/stdin: a pipe of the slot's own can.
      'if [ -n "$__i" ]; then exec 5<&0 0< <(exec cat <&5) 5<&-; else exec </dev/null; fi',
      'if [ -n "$__d" ]; then cd -- "$__d" || exit 1; fi',
      // From a socket, read takes one byte at a time: a long command is taken by cat.
      `IFS= read -r -d "" -n ${READ_BY_SHELL} -u 3 __s; [ "\${#__s}" -lt ${READ_BY_SHELL} ] || __s+=$(cat <&3)`,
      "exec 3<&-",
      'if [ -n "$__k" ]; then trap \'{ printf "%s\\0" "$PWD"; /usr/bin/env -0; } >&4 2>/dev/null\' EXIT; else exec 4>&-; fi',
      'eval "unset -v __s __d __k __i; $__s"',
    )
    .join("\n");
}

/** What is sent over descriptor 3. */
export function frame(command: {
  readonly text: string;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly stateful: boolean;
  readonly hasStdin: boolean;
}): Buffer {
  const variables = Object.entries(command.env).map(([name, value]) => `${name}=${value}\0`);
  return Buffer.from(
    [
      ...variables,
      "\0",
      `${command.cwd}\0`,
      `${command.stateful ? 1 : ""}\0`,
      `${command.hasStdin ? 1 : ""}\0`,
      command.text,
    ].join(""),
  );
}

/** What bash_stateful keeps between two calls. */
export interface ShellState {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What the script says once it has its command: a shell that ends without it was never there. */
export const READY = "ready";

/** Variables that belong to one shell alone. */
const OF_ONE_SHELL = new Set(["_", "PWD", "OLDPWD", "SHLVL"]);

/**
 * Reads what was told over descriptor 4.
 *
 * @param given variables of this call, which are not kept unless the command changed them
 * @returns undefined where it was not told whole
 */
export function shellState(told: Buffer, given: Readonly<Record<string, string>>): ShellState | undefined {
  const texts = told.toString("utf8").split("\0");
  const [ready, cwd, ...variables] = texts;
  if (ready !== READY || texts.length < 3 || texts.at(-1) !== "" || !cwd?.startsWith("/")) return undefined;
  const env: Record<string, string> = {};
  for (const variable of variables) {
    const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(variable) ?? [];
    if (name === undefined || value === undefined || OF_ONE_SHELL.has(name) || given[name] === value) continue;
    env[name] = value;
  }
  return { cwd, env };
}
