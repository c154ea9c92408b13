import { term, type TerminalText } from "../../text";
import type { CliContext } from "../context";
import { EXIT, type ExitCode } from "../exit-codes";
import { flagOf, valuesOf, type Given, type Parameters, type ValuesOf } from "./parameters";

/** How a command is written down: the one place that says anything about it. */
export interface CommandDefinition<A extends Parameters, O extends Parameters, E extends ExitCode> {
  readonly name: string;
  /** What it does, in one sentence. */
  readonly summary: string;
  /** In their order. */
  readonly arguments?: A;
  /** By the name of the value: `canaryWeight` is written `--canary-weight`. */
  readonly options?: O;
  /** Whole command lines. */
  readonly examples: readonly [string, ...string[]];
  /**
   * What each exit code means that `run` returns. A mistake of the person, or a server that refuses, is thrown, and ends with 1; an
   * interruption ends with 130 or 143: these need not be listed.
   */
  readonly exitCodes: Readonly<Record<E, string>>;
  /**
   * What goes on after somebody interrupted it, and how to come back to it: the rest of "interrupted; …". Of a command that changes a cluster a function, which is asked only once something
   * was sent that may have changed it.
   */
  readonly interrupted: TerminalText | ((input: ValuesOf<A> & ValuesOf<O>) => TerminalText);
  /** For a command that is there to be ended: how long it may take to end in order, in milliseconds. Its own exit code counts then. */
  readonly lettingGo?: number;
  run(input: ValuesOf<A> & ValuesOf<O>, context: CliContext): Promise<NoInfer<E> | PassedExit>;
}

/** What is said of a command that was interrupted before it sent anything that changes a cluster. */
const UNCHANGED = term`nothing was changed`;

/** The exit code of a program that a command ran somewhere else: whatever it is, it is passed on. */
export class PassedExit {
  /** @param code 0 to 255 */
  constructor(readonly code: number) {}
}

/** A command whose parameters are read and checked by itself. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly arguments: Parameters;
  readonly options: Parameters;
  readonly examples: readonly string[];
  /** What each exit code means, in their order. */
  readonly exitCodes: readonly (readonly [code: number, meaning: string])[];
  /**
   * Reads what was written.
   *
   * @throws UserError with everything that was written wrongly
   */
  read(given: Given): Prepared;
}

/** A command that has read its parameters. */
export interface Prepared {
  /** What is said of an interruption. @param changed whether something was sent that may have changed a cluster */
  readonly interrupted: (changed: boolean) => TerminalText;
  /** How long it may take to end in order, in milliseconds, where it is there to be ended. */
  readonly lettingGo: number | undefined;
  run(context: CliContext): Promise<number>;
}

/** Several commands under one name. */
export interface CommandGroup {
  readonly name: string;
  readonly summary: string;
  readonly commands: readonly Command[];
}

/** Makes a command of its definition. */
export function command<
  const A extends Parameters = Record<never, never>,
  const O extends Parameters = Record<never, never>,
  const E extends ExitCode = never,
>(definition: CommandDefinition<A, O, E>): Command {
  const { name, summary, examples } = definition;
  const own: Parameters = definition.arguments ?? {};
  const options: Parameters = definition.options ?? {};
  const written = (key: string) => {
    const { placeholder = key, isLiteral } = own[key] ?? {};
    if (Object.hasOwn(options, key)) return flagOf(key);
    return isLiteral ? placeholder : `<${placeholder}>`;
  };
  return {
    name,
    summary,
    arguments: own,
    options,
    examples,
    exitCodes: Object.entries<string>({
      [EXIT.failed]: "an error",
      ...definition.exitCodes,
      [EXIT.interrupted]: "interrupted",
      [EXIT.terminated]: "ended by SIGTERM",
    }).map(([code, meaning]) => [Number(code), meaning]),
    read: (given) => {
      // Where a definition has no arguments, or no options, A or O is the empty record.
      const input = valuesOf({ ...own, ...options } as A & O, given, written);
      const { interrupted } = definition;
      return {
        interrupted: (changed) => {
          if (typeof interrupted !== "function") return interrupted;
          return changed ? interrupted(input) : UNCHANGED;
        },
        lettingGo: definition.lettingGo,
        run: async (context) => {
          const end = await definition.run(input, context);
          return end instanceof PassedExit ? end.code : end;
        },
      };
    },
  };
}
