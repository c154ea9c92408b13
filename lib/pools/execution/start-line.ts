import type { ExecuteOptions } from "./execution";
import { refused, word } from "./shell";
import { MARK, sweepLines } from "./sweep";

/** The programs without which a place cannot be asked to end what a command started; busybox has them all. */
const NEEDED = ["cat", "grep", "head", "sleep"];
/**
 * What Nomad is asked to run, always the same: it says its process id, or which of the {@link NEEDED} programs there is not, and does what the
 * line says that it then reads. So a command, its environment and its secrets go over standard input, and stand in no argument.
 */
export const START = [
  "/bin/sh",
  "-c",
  `for cdk_nomad_line in ${NEEDED.join(" ")}; do command -v $cdk_nomad_line >/dev/null || { echo "$$ $cdk_nomad_line"; exit 127; }; done; ` +
    'echo $$; IFS= read -r cdk_nomad_line && eval "$cdk_nomad_line"',
  "cdk-nomad",
  "\n",
] as const;

/** How the processes of an execution are held together: in a process namespace of their own, or by a mark in their environment. */
export type Hold =
  { readonly kind: "namespace"; readonly unshare: string; readonly timeout: string } | { readonly kind: "mark" };

/** A line that says by which way a place can hold processes together, and then reads the next. */
export const ASK = [
  "cdk_nomad_unshare=$(command -v unshare) && cdk_nomad_timeout=$(command -v timeout) &&",
  '[ "$("$cdk_nomad_unshare" --pid --fork --kill-child=KILL --mount-proc "$cdk_nomad_timeout" --foreground -s KILL 9 /bin/sh -c \'echo $$\' </dev/null 2>/dev/null)" = 2 ] &&',
  'echo "$cdk_nomad_unshare $cdk_nomad_timeout" || echo; IFS= read -r cdk_nomad_line && eval "$cdk_nomad_line"',
].join(" ");

/** The answer to {@link ASK}. */
export function holdOf(answer: string): Hold {
  const [unshare, timeout] = answer.split(" ");
  return unshare?.startsWith("/") && timeout?.startsWith("/")
    ? { kind: "namespace", unshare, timeout }
    : { kind: "mark" };
}

/** Linux takes 128 KiB in one argument or variable, and some 2 MB in all. https://man7.org/linux/man-pages/man2/execve.2.html */
const LONGEST = 128 * 1024 - 1;
const MOST = 1024 * 1024;
/** How much longer than we a place itself waits before it ends a command whose asker is gone, in seconds. */
const GRACE = 5;
/** A shell reads a line byte by byte; what is longer is read at once by `head`. */
const LONG_LINE = 4096;

/**
 * Variables that shells keep for themselves: what they are set to is refused, changed, or ends the shell.
 * https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_05_03, and `bash(1)`
 */
const OF_THE_SHELL = new Set(
  (
    "_ PWD OLDPWD SHLVL PPID UID EUID OPTIND OPTARG OPTERR LINENO RANDOM SRANDOM SECONDS EPOCHSECONDS EPOCHREALTIME HISTCMD GROUPS " +
    "FUNCNAME FUNCNEST DIRSTACK SHELLOPTS POSIXLY_CORRECT COMP_WORDBREAKS"
  ).split(" "),
);

/** What a start line is made of, checked. */
export interface Start {
  readonly exports: string;
  readonly folder: string;
  readonly command: string;
  /** Whether standard input follows that may not end by itself. */
  readonly hasInput: boolean;
  /** Milliseconds. */
  readonly timeout: number;
}

/**
 * Reads what is asked for.
 *
 * @throws UserError (rule `execute/…`) for what cannot be run as it was meant
 */
export function startOf(command: string | readonly string[], options: ExecuteOptions, timeout: number): Start {
  if (!(timeout > 0 && timeout <= 2 ** 31 - 1))
    throw refused("timeout", "is no time; write milliseconds from 1 to 2147483647", "timeout");
  const variables = [...variablesOf("env", options.env), ...variablesOf("secrets", options.secrets)];
  const names = variables.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw refused(twice, "stands in env and in secrets; write it into one of them", "twice");
  const words = typeof command === "string" ? ["/bin/sh", "-c", command] : command;
  const program = words[0] ?? "";
  if (program === "" || program.startsWith("-"))
    throw refused("command", "has no program; write its name, and then its arguments", "command");
  const size = [...words, ...variables.map(({ name, value }) => `${name}=${value}`)].map(checkedSize("command"));
  if (size.reduce((sum, one) => sum + one, 0) > MOST)
    throw refused(
      "command",
      `has more than ${MOST / 1024} KiB with its environment; write it to standard input`,
      "size",
    );
  return {
    exports: variables.map(({ name, value }) => `export ${word(`${name}=${value}`, name)};`).join(" "),
    folder: folderOf(options.cwd),
    command: words.map((one) => word(one, "command")).join(" "),
    hasInput: options.stdin !== undefined && options.stdin !== "",
    timeout,
  };
}

/** What is sent to {@link START}: a line, and for a long one what that line reads. */
export interface Sent {
  readonly line: string;
  /** Whether the place says with an empty line that it has read all of it. */
  readonly isTold: boolean;
}

/**
 * The line that starts a command.
 *
 * @param options `mark`: of its processes. `notice`: what the place says on standard error once the command has ended and standard input is
 *   still open
 */
export function lineOf(
  start: Start,
  hold: Hold,
  options: { readonly mark: string; readonly notice: string; readonly ownProcesses: boolean },
): Sent {
  const { mark, notice, ownProcesses } = options;
  const prepare = `${start.folder}; ${start.exports} export ${MARK}=${mark};`;
  const seconds = Math.ceil(start.timeout / 1000) + GRACE;
  const run =
    hold.kind === "namespace"
      ? `exec ${word(hold.unshare, "unshare")} --pid --fork --kill-child=KILL --mount-proc ${word(hold.timeout, "timeout")} --foreground -s KILL ${seconds} ${start.command}`
      : `exec ${start.command}`;
  // Who has asked is told that the command has ended, and closes the input; until then it is read, or nothing after it would be.
  const end = start.hasInput ? `echo ${notice} >&2; cat >/dev/null; exit $cdk_code` : "exit $cdk_code";
  const sweep = sweepLines({ mark, first: "$$", ownProcesses });
  const whole =
    hold.kind === "namespace" && !start.hasInput
      ? `${prepare} ${run}`
      : hold.kind === "namespace"
        ? `( ${prepare} ${run} ); cdk_code=$?; ${end}`
        : [
            `cdk_before=; for cdk_pid in /proc/[0-9]*; do cdk_before="$cdk_before $cdk_pid "; done; ( ${prepare} ${run} ); cdk_code=$?; cdk_new=`,
            'for cdk_pid in /proc/[0-9]*; do case "$cdk_before" in *" $cdk_pid "*) ;; *) cdk_new=1 ;; esac; done',
            `if [ "$cdk_new" ]; then eval ${word(sweep, "command")}; fi; ${end}`,
          ].join("; ");
  const line = `unset cdk_nomad_line; ${whole}`;
  const size = Buffer.byteLength(line);
  if (size <= LONG_LINE) return { line: `${line}\n`, isTold: false };
  return { line: `cdk_nomad_line=$(head -c ${size}); echo; eval "$cdk_nomad_line"\n${line}`, isTold: true };
}

function variablesOf(what: string, variables: Readonly<Record<string, string>> = {}) {
  return Object.entries(variables).map(([name, value]) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      throw refused(
        `${what}.${JSON.stringify(name).slice(0, 100)}`,
        "is no name of a variable; write letters, digits and underscores",
        "name",
      );
    if (OF_THE_SHELL.has(name) || name.startsWith("BASH") || name.startsWith("cdk_") || name === MARK)
      throw refused(`${what}.${name}`, "is a variable that the shell keeps for itself; write another name", "name");
    if (typeof value !== "string") throw refused(`${what}.${name}`, "is no text; write one", "text");
    return { name, value };
  });
}

function checkedSize(what: string) {
  return (text: string): number => {
    const size = Buffer.byteLength(text) + 1;
    if (size > LONGEST)
      throw refused(
        what,
        "has a word or a variable of more than 128 KiB, which Linux takes from nobody; write it to standard input",
        "size",
      );
    return size;
  };
}

/** The workspace is made when it is first needed. */
export const WORKSPACE = '"${NOMAD_TASK_DIR:-/tmp}/workspace"';

function folderOf(cwd = "."): string {
  const workspace = `{ cd ${WORKSPACE} 2>/dev/null || { mkdir -p -m 700 ${WORKSPACE} && cd ${WORKSPACE}; } || exit 126; }`;
  if (cwd === "") throw refused("cwd", "is empty; write a folder, or nothing", "cwd");
  if (cwd === ".") return workspace;
  const target = word(cwd.startsWith("/") ? cwd : `./${cwd}`, "cwd");
  return `${cwd.startsWith("/") ? "" : `${workspace}; `}cd ${target} || exit 126`;
}
