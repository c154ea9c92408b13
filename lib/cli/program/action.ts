import type { CliContext } from "../context";
import { Terminal } from "../terminal";

/** Runs a command with what it needs, and turns what goes wrong into a message and an exit code. */
export function action<A extends unknown[]>(run: (...args: [...A, CliContext]) => Promise<void>) {
  return async (...args: unknown[]): Promise<void> => {
    const given = args.slice(0, -1) as A;
    const options = given.at(-1) as { readonly json?: boolean };
    const terminal = new Terminal(options?.json === true);
    const stop = new AbortController();
    const onSignal = () => stop.abort(new Error("interrupted"));
    process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
    try {
      await run(...given, { terminal, env: process.env, signal: stop.signal });
    } catch (error) {
      terminal.fail(error);
      process.exitCode = 1;
    } finally {
      terminal.rest();
      process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
    }
  };
}
