import { resolve } from "node:path";
import { StringDecoder } from "node:string_decoder";
import { UserError } from "../../../errors";
import { readNamedFile, whyUnread } from "../../../reading";
import { ServiceRefusal, type RunEvent, type ServiceClient } from "../../../service";
import { join, renderTerminal, shellWord, term } from "../../../text";
import { PassedExit } from "../../command";
import type { CliContext } from "../../context";
import { refused, withService } from "../../pool-service";
import { TaskOutput } from "../../task-output";
import type { Terminal } from "../../terminal";
import type { Input } from "../pool-exec";

/** Runs a command in a container that was claimed, by the service. */
export async function run(input: Input, context: CliContext) {
  const { id, words, generation: given, env, secret, envFrom, secretFrom, stdin, cwd, timeout } = input;
  const { terminal, signal } = context;
  const body = {
    command: commandOf(words),
    env: { ...(await variables(envFrom, context)), ...named(env, "--env", context) },
    secrets: { ...(await variables(secretFrom, context)), ...named(secret, "--secret", context) },
    ...(stdin ? { stdin: await inputOf(context) } : {}),
    ...(cwd === undefined ? {} : { cwd }),
    ...(timeout === undefined ? {} : { timeout: timeout.milliseconds }),
  };
  // Whatever the command prints, its secrets are not shown here.
  terminal.masking.know(Object.values(body.secrets));
  const run = async (service: ServiceClient, step: (text: string) => void) => {
    const held = given === undefined ? await service.container(id, signal) : { id, generation: given };
    step("waiting for what the command writes, or for its end");
    const events = service.execute(held, body, signal);
    const code = input.json ? await collect(events, held, terminal) : await show(events, terminal);
    return new PassedExit(code);
  };
  // In a pipe, stderr is the command's own, byte for byte.
  return withService(context, run, { says: terminal.isWatched });
}

/** The longest standard input, in bytes. */
const LARGEST_INPUT = 1024 * 1024;

/** How much of what a command writes stands in `--json`, of each stream, in bytes. */
const LARGEST_OUTPUT = 1024 * 1024;

/** One word is a line of shell; several are a program with its arguments, which no shell reads again. */
function commandOf(words: readonly string[]): string {
  const [line = "", ...more] = words;
  if (more.length === 0) return line;
  return renderTerminal(join(words.map(shellWord), term` `), { color: false, mask: (same) => same });
}

type Exit = Extract<RunEvent, { type: "exit" }>;

type Events = ReturnType<ServiceClient["execute"]>;

/** Prints what a command writes, as it comes. @returns its exit code */
async function show(events: Events, terminal: Terminal): Promise<number> {
  const outputs = {
    stdout: new TaskOutput((lines) => terminal.pass(lines, "stdout")),
    stderr: new TaskOutput((lines) => terminal.pass(lines, "stderr")),
  };
  const ending = endOf(events, (stream, data) => outputs[stream].push(Buffer.from(data)));
  // However it ends: what the command wrote last may have no end of a line.
  const end = await ending.finally(() => {
    outputs.stdout.end();
    outputs.stderr.end();
  });
  if (end.ended === "timeout") terminal.note(term`the command ran out of time and was ended`);
  return end.exitCode;
}

/** Prints one value with what a command wrote and how it ended: nothing that it writes stands beside that. @returns its exit code */
async function collect(
  events: Events,
  { id, generation }: { readonly id: string; readonly generation: number },
  terminal: Terminal,
): Promise<number> {
  const kept = { stdout: "", stderr: "" };
  const sizes = { stdout: 0, stderr: 0 };
  let isTooMuch = false;
  const {
    type: _,
    truncated,
    ...end
  } = await endOf(events, (stream, data) => {
    const bytes = Buffer.from(data);
    const room = LARGEST_OUTPUT - sizes[stream];
    sizes[stream] += bytes.length;
    isTooMuch ||= bytes.length > room;
    // A character that is cut in two is left out.
    if (room > 0) kept[stream] += bytes.length > room ? new StringDecoder("utf8").write(bytes.subarray(0, room)) : data;
  });
  terminal.json({ id, generation, ...end, ...kept, truncated: truncated || isTooMuch });
  return end.exitCode;
}

/** How a command ended. @throws UserError where the service says that it could not be run to its end */
async function endOf(events: Events, onOutput: (stream: "stdout" | "stderr", data: string) => void): Promise<Exit> {
  let end: Exit | undefined;
  for await (const event of events) {
    if (event.type === "stdout" || event.type === "stderr") onOutput(event.type, event.data);
    else if (event.type === "error") throw refused(new ServiceRefusal(event.problem).problem);
    else if (event.type === "exit") end = event;
  }
  if (end === undefined) throw UserError.at("", "how the command ended is not known", "service");
  return end;
}

function named(names: readonly string[], option: string, { env }: CliContext): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => {
      const found = env[name];
      if (found === undefined)
        throw UserError.at(
          option,
          `there is no variable ${name.split("=")[0] ?? ""} here; write the name of one that is set, and no value`,
          "option",
        );
      return [name, found];
    }),
  );
}

/** Variables of a file. Of a line that is none nothing is repeated. */
async function variables(path: string | undefined, { cwd, signal }: CliContext): Promise<Record<string, string>> {
  if (path === undefined) return {};
  const lines = (await readFile(resolve(cwd, path), path, signal)).split("\n");
  return Object.fromEntries(
    lines.flatMap((line, index) => {
      if (/^\s*(#|$)/.test(line)) return [];
      const [, name, text] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line.replace(/\r$/, "")) ?? [];
      if (name === undefined || text === undefined)
        throw UserError.at(`${path}:${index + 1}`, "is no variable; write NAME=value", "option");
      return [[name, text]];
    }),
  );
}

async function readFile(path: string, shown: string, signal: AbortSignal): Promise<string> {
  try {
    return (await readNamedFile(path, { most: LARGEST_INPUT, signal })).toString("utf8");
  } catch (error) {
    signal.throwIfAborted();
    throw UserError.at(shown, `${whyUnread(error)}; write the path of a file`, "option");
  }
}

async function inputOf({ stdin: stream, terminal }: Pick<CliContext, "stdin" | "terminal">): Promise<string> {
  // Whoever sits at a terminal would wait for the command, and the command for them.
  if ("isTTY" in stream && stream.isTTY === true)
    terminal.note(
      term`  reading what the command gets on standard input: write it, and end it with Ctrl-D on a line of its own`,
    );
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk as Uint8Array | string);
    size += bytes.length;
    if (size > LARGEST_INPUT)
      throw UserError.at("--stdin", "is more than 1 MiB; write it into a file of the container in parts", "option");
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString();
}
