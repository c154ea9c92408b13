import { UserError, type Problem } from "../../errors";

/**
 * An argument or option of a command: how it is written, what `--help` says of it, and what is made of the texts that were given.
 * The type of the value is inferred from the declaration, so a command never repeats it.
 */
export interface Parameter<T> {
  readonly summary: string;
  /** What stands for the value in the help, such as `duration`; an option without one is a switch. */
  readonly placeholder?: string;
  /** The values that are allowed, where they are few. */
  readonly choices?: readonly string[];
  /** What the help calls the value that is taken where none is given. */
  readonly fallback?: string;
  /** The environment variable that is read where none is given. */
  readonly variable?: string;
  /** How often it may be given. */
  readonly count: "optional" | "once" | "many" | "some";
  /** Another way to write an option, such as `-f`. */
  readonly short?: string;
  /** Whether an argument is written as it is called, as `create` in `pool token create`. */
  readonly isLiteral?: boolean;
  /** Whether an option has to be given. */
  readonly isRequired?: boolean;
  /** Whether an argument is a command line of its own, whose options stand behind `--`. */
  readonly isCommandLine?: boolean;
  /**
   * The value for the texts that were given, in their order.
   *
   * @param name how the parameter was written, for messages
   * @throws UserError where a text cannot be the value
   */
  read(given: readonly string[], name: string): T;
}

/** Parameters by the names under which `run` gets their values. */
export type Parameters = Readonly<Record<string, Parameter<unknown>>>;

/** The values of parameters: their types are those of the declarations. */
export type ValuesOf<P extends Parameters> = {
  readonly [Name in keyof P]: P[Name] extends Parameter<infer T> ? T : never;
};

/** Turns one text into a value. */
export type Parse<T> = (text: string, name: string) => T;

const asItIs: Parse<string> = (text) => text;

/** An argument that has to be given. */
export function argument(summary: string, placeholder?: string): Parameter<string> {
  return { summary, placeholder, count: "once", read: ([text = ""]) => text };
}

/** An argument that is one word, written as it is. */
export function literal(word: string, summary: string): Parameter<string> {
  return {
    summary,
    placeholder: word,
    isLiteral: true,
    count: "once",
    read: ([text = ""], name) => {
      if (text === word) return word;
      throw UserError.at(name, `"${text}" is not known; write ${word}`, "option");
    },
  };
}

/**
 * An option that has to be given.
 *
 * @param missing what is to be written, where it is not
 */
export function required<T>(parameter: Parameter<T>, missing: string): Parameter<NonNullable<T>> {
  return {
    ...parameter,
    isRequired: true,
    read: (given, name) => {
      const found = given.length > 0 ? parameter.read(given, name) : undefined;
      if (found !== undefined && found !== null) return found;
      throw UserError.at(name, `is missing; write ${missing}`, "option");
    },
  };
}

/** An argument that may be left out. */
export function optionalArgument(summary: string, placeholder?: string): Parameter<string | undefined> {
  return { summary, placeholder, count: "optional", read: ([text]) => text };
}

/** As many arguments as somebody likes; at least one where `least` says so. */
export function listOfArguments(
  summary: string,
  options: { readonly placeholder?: string; readonly least?: 0 | 1 } = {},
): Parameter<readonly string[]> {
  const { placeholder, least = 0 } = options;
  return { summary, placeholder, count: least === 1 ? "some" : "many", read: (given) => given };
}

/** A command with its arguments, which have options of their own: those stand behind `--`. */
export function commandLine(summary: string): Parameter<readonly string[]> {
  return { ...listOfArguments(summary, { placeholder: "command", least: 1 }), isCommandLine: true };
}

/** An option without a value: whether it was given. */
export function flag(summary: string, options: { readonly short?: string } = {}): Parameter<boolean> {
  return { summary, ...options, count: "optional", read: (given) => given.length > 0 };
}

/** An option with a value; the last one counts. */
export function value(placeholder: string, summary: string): Parameter<string | undefined>;
export function value<T>(placeholder: string, summary: string, parse: Parse<T>): Parameter<T | undefined>;
export function value<T>(placeholder: string, summary: string, parse?: Parse<T>): Parameter<T | string | undefined> {
  const read: Parse<T | string> = parse ?? asItIs;
  return {
    summary,
    placeholder,
    count: "optional",
    read: (given, name) => {
      const text = given.at(-1);
      return text === undefined ? undefined : read(text, name);
    },
  };
}

/** An option whose value is some text; what it is where none is given is printed by the help. */
export function text(placeholder: string, summary: string, fallback: string): Parameter<string> {
  return { summary, placeholder, fallback, count: "optional", read: (given) => given.at(-1) ?? fallback };
}

/** The same parameter, of which the help also says what counts where it is not given: an environment variable, and a default behind it. */
export function orElse<T>(
  parameter: Parameter<T>,
  { variable, fallback }: { readonly variable?: string; readonly fallback?: string },
): Parameter<T> {
  return { ...parameter, variable, fallback };
}

/** An option that may be given several times. */
export function values(placeholder: string, summary: string): Parameter<readonly string[]> {
  return { summary: `${summary}; repeatable`, placeholder, count: "many", read: (given) => given };
}

/** An option whose value is one of a few. */
export function choice<const C extends string>(
  placeholder: string,
  summary: string,
  choices: readonly C[],
  fallback: NoInfer<C>,
): Parameter<C> {
  return {
    summary,
    placeholder,
    choices,
    fallback,
    count: "optional",
    read: (given, name) => {
      const text = given.at(-1) ?? fallback;
      const found = choices.find((one) => one === text);
      if (found === undefined) throw UserError.at(name, `"${text}" is none of ${choices.join(", ")}`, "option");
      return found;
    },
  };
}

/** Options such as `--var name=value`, as an object; the last value of a name counts. */
export function pairs(placeholder: string, summary: string): Parameter<Readonly<Record<string, string>>> {
  return {
    summary: `${summary}; repeatable`,
    placeholder,
    count: "many",
    read: (given, name) =>
      Object.fromEntries(
        given.map((text) => {
          const at = text.indexOf("=");
          if (at < 1) throw UserError.at(name, "wants name=value", "option");
          return [text.slice(0, at), text.slice(at + 1)];
        }),
      ),
  };
}

/** How an option is written: `--canary-weight` for `canaryWeight`. */
export function flagOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** What was written on the command line, by the names of parameters. */
export type Given = Readonly<Record<string, readonly string[]>>;

/**
 * The values of parameters.
 *
 * @throws UserError with everything that was written wrongly
 */
export function valuesOf<P extends Parameters>(
  parameters: P,
  given: Given,
  written: (name: string) => string,
): ValuesOf<P> {
  const problems: Problem[] = [];
  const read = Object.entries(parameters).map(([name, parameter]) => {
    try {
      return [name, parameter.read(given[name] ?? [], written(name))] as const;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(...error.problems);
      return [name, undefined] as const;
    }
  });
  if (problems.length > 0) throw new UserError(problems);
  // The keys are those of P, and each value is what its own parameter made of it.
  return Object.fromEntries(read) as ValuesOf<P>;
}
