import { setTimeout as timer } from "node:timers/promises";
import { CommanderError } from "commander";
import { asInvoked } from "./invocation";
import type { Prepared } from "./command";
import { COMMANDS } from "./commands";
import type { CliContext } from "./context";
import { EXIT } from "./exit-codes";
import { Interruption } from "./interruption";
import { buildProgram, type Chosen } from "./program";
import type { System } from "./system";
import { Terminal } from "./terminal";

const NAMES = COMMANDS.flatMap(([, entries]) => entries.map(({ name }) => name));

/** How long an interrupted command may take to let go of what it holds, in milliseconds. */
const LETTING_GO = 500;

/**
 * Runs a command line in this process.
 *
 * @param argv what stands behind `cdk-nomad`
 * @returns the exit code
 */
export async function runCli(argv: readonly string[], system: System): Promise<number> {
  const { stdout, stderr, env, clock, called = "cdk-nomad" } = system;
  const asJson = wantsJson(argv);
  const closed = new AbortController();
  // Nobody reads any more, as of `| head`: that is no mistake, and there is nobody to tell.
  const onClosed = () => closed.abort(new Interruption("closed", EXIT.ok));
  const onMute = () => undefined;
  stdout.on("error", onClosed);
  stderr.on("error", onMute);
  let environment: string | undefined;
  const say = asInvoked(called, NAMES, () => environment);
  const terminal = new Terminal({ stdout, stderr, env, clock, asJson, say });
  // Tokens and passwords of environment variables are nobody's business, whoever repeats them.
  terminal.masking.learn(env);
  const signal = AbortSignal.any([system.signal, closed.signal]);
  try {
    const chosen = choose(argv, terminal);
    if (typeof chosen === "number") return chosen;
    environment = chosen.given.environment?.[0];
    const prepared = chosen.command.read(chosen.given);
    let changed = false;
    const onChange = () => (changed = true);
    const context = { ...system, terminal, signal, onChange, command: chosen.command.name };
    return await untilInterrupted(prepared, context, () => changed);
  } catch (error) {
    terminal.fail(error);
    return EXIT.failed;
  } finally {
    terminal.rest();
    stdout.off("error", onClosed);
    stderr.off("error", onMute);
  }
}

/** The command that is meant; an exit code, where help or the version was. */
function choose(argv: readonly string[], terminal: Terminal): Chosen | number {
  let chosen: Chosen | undefined;
  const program = buildProgram({
    print: (text) => terminal.help(text.trimEnd(), "stdout"),
    note: (text) => terminal.help(text.trimEnd(), "stderr"),
    choose: (found) => (chosen = found),
    width: terminal.width,
  });
  try {
    program.parse(argv, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.failed;
    throw error;
  }
  return chosen ?? EXIT.failed;
}

/**
 * Runs a command to its end, or for a moment longer than somebody interrupts it.
 *
 * @param changed whether something was sent that may have changed a cluster
 */
async function untilInterrupted(prepared: Prepared, context: CliContext, changed: () => boolean): Promise<number> {
  const { signal, terminal } = context;
  const ends = new AbortController();
  const interrupted = new Promise<Interruption>((resolve) => {
    const letGo = () => {
      const over = timer(prepared.lettingGo ?? LETTING_GO, undefined, { signal: ends.signal });
      over.then(
        () => resolve(Interruption.of(signal)),
        // The command ended by itself before.
        () => undefined,
      );
    };
    if (signal.aborted) letGo();
    else signal.addEventListener("abort", letGo, { once: true });
  });
  const run = prepared.run(context).catch((error: unknown) => {
    // What goes wrong after an interruption comes of it.
    if (signal.aborted) return Interruption.of(signal);
    throw error;
  });
  try {
    const end = await Promise.race([run, interrupted]);
    if (!(end instanceof Interruption) && (!signal.aborted || prepared.lettingGo !== undefined)) return end;
    const { exitCode, name } = Interruption.of(signal);
    if (name !== "closed") terminal.interrupted(prepared.interrupted(changed()));
    return exitCode;
  } finally {
    ends.abort();
  }
}

/** Whether somebody asked for JSON, also in a command line that is wrong otherwise. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  const options = end < 0 ? argv : argv.slice(0, end);
  return options.some(
    (text, index) =>
      text === "--json" || text === "--format=json" || (text === "--format" && options[index + 1] === "json"),
  );
}
