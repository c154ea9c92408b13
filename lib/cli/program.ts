import { Argument, Command as Commander, type CommanderError, Option } from "commander";
import { UserError } from "../errors";
import { flagOf, type Command, type CommandGroup, type Given, type Parameter } from "./command";
import { COMMANDS } from "./commands";
import { packageVersion } from "./package-version";

/** The command that somebody wrote, with what they gave it. */
export interface Chosen {
  readonly command: Command;
  readonly given: Given;
}

/** Where help is printed, and who is told which command was chosen. */
export interface ProgramOptions {
  readonly print: (text: string) => void;
  /** Prints the help that nobody asked for: on stderr. */
  readonly note: (text: string) => void;
  readonly choose: (chosen: Chosen) => void;
  readonly width: number;
}

const EXAMPLES = ["cdk-nomad up", "cdk-nomad deploy dev", "cdk-nomad logs prism-admin -f"];

/** How it ends where no command is chosen. */
const OF_A_GROUP: Pick<Command, "exitCodes"> = {
  exitCodes: [
    [0, "the help, or the version, that was asked for is printed"],
    [1, "no command was written, or one that is none; each command's --help lists its own"],
  ],
};

/** The parser of the command line, made of the commands. */
export function buildProgram({ print, note, choose, width }: ProgramOptions): Commander {
  const program = new Commander("cdk-nomad")
    .description("Nomad jobs from typed TypeScript: a cluster to try them on, and the fast way to deploy them.")
    .version(packageVersion())
    .configureOutput({
      writeOut: print,
      writeErr: note,
      // Whoever catches an error prints it.
      outputError: () => undefined,
      getOutHelpWidth: () => width,
      getErrHelpWidth: () => width,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText("after", () => `\n${exitCodesOf(OF_A_GROUP)}\n${examplesOf(EXAMPLES)}`);
  explain(program, EXAMPLES[0] ?? "");
  addHelp(program, EXAMPLES[0] ?? "");
  for (const [title, entries] of COMMANDS) {
    program.commandsGroup(`${title}:`);
    for (const entry of entries) {
      if ("commands" in entry) addGroup(program, entry, choose);
      else addCommand(program, entry, choose);
    }
  }
  return program;
}

function addGroup(program: Commander, { name, summary, commands }: CommandGroup, choose: ProgramOptions["choose"]) {
  const group = program.command(name).description(summary);
  const examples = commands.flatMap((command) => command.examples.slice(-1));
  group.addHelpText("after", () => `\n${exitCodesOf(OF_A_GROUP)}\n${examplesOf(examples)}`);
  explain(group, commands[0]?.examples[0] ?? "");
  for (const each of commands) addCommand(group, each, choose);
  addHelp(group, commands[0]?.examples[0] ?? "");
}

/** `help`, which takes the whole name of a command, and no help where what was written is none: the parser's own prints that of the nearest group then. */
function addHelp(group: Commander, example: string): void {
  group.on("beforeHelp", () => {
    const name = group.args.find((text) => !text.startsWith("-"));
    if (name !== undefined) commandOf(group, name);
  });
  const help = group
    .helpCommand(false)
    .command("help")
    .helpGroup("Commands:")
    .description("display help for command")
    .argument("[command...]", "its name");
  explain(help, example);
  help.action((names: readonly string[]) => {
    // What stands behind a command that has no others is an argument of it, as of pool token create.
    const found = names.reduce((at, name) => (at.commands.length > 0 ? commandOf(at, name) : at), group);
    found.help();
  });
}

/** A command of a group. @throws UserError where it has none of this name */
function commandOf(group: Commander, name: string): Commander {
  const found = group.commands.find((each) => each.name() === name);
  // Without such a command the parser refuses the name, and says which one may be meant.
  return found ?? group.parse([name], { from: "user" });
}

function addCommand(program: Commander, command: Command, choose: ProgramOptions["choose"]): void {
  const added = program.command(command.name).description(command.summary);
  const names = Object.entries(command.arguments);
  for (const [name, parameter] of names) added.addArgument(argumentOf(name, parameter));
  for (const [name, parameter] of Object.entries(command.options)) added.addOption(optionOf(name, parameter));
  added.usage(usageOf(command));
  added.addHelpText("after", () => `\n${exitCodesOf(command)}\n${examplesOf(command.examples)}`);
  explain(
    added,
    command.examples[0] ?? "",
    names.some(([, { isCommandLine }]) => isCommandLine),
  );
  added.action((...all: unknown[]) => {
    const options = added.opts<Record<string, readonly string[] | undefined>>();
    const given = names.map(([name], index) => [name, [all[index] ?? []].flat()] as const);
    choose({ command, given: { ...options, ...Object.fromEntries(given) } as Given });
  });
}

/** What stands behind a command's name: words that are written as they are, and options that have to be given, before the rest. */
function usageOf({ arguments: all, options }: Command): string {
  const own = Object.entries(all);
  return [
    ...own.flatMap(([name, { isLiteral, placeholder = name }]) => (isLiteral ? [placeholder] : [])),
    ...Object.entries(options).flatMap(([name, { isRequired, placeholder = name }]) =>
      isRequired ? [`${flagOf(name)} <${placeholder}>`] : [],
    ),
    "[options]",
    ...own.flatMap(([name, parameter]) => (parameter.isLiteral ? [] : [shownInUsage(name, parameter)])),
  ].join(" ");
}

function argumentOf(name: string, parameter: Parameter<unknown>): Argument {
  return new Argument(shownOf(name, parameter), parameter.summary);
}

/** `[--]` before a command line that has options of its own. */
function shownInUsage(name: string, parameter: Parameter<unknown>): string {
  return `${parameter.isCommandLine ? "[--] " : ""}${shownOf(name, parameter)}`;
}

function shownOf(name: string, { placeholder = name, count }: Parameter<unknown>): string {
  const dots = count === "many" || count === "some" ? "..." : "";
  const required = count === "once" || count === "some";
  return required ? `<${placeholder}${dots}>` : `[${placeholder}${dots}]`;
}

function optionOf(name: string, parameter: Parameter<unknown>): Option {
  const { summary, placeholder, short, choices, fallback, variable, count } = parameter;
  const flags = [short, flagOf(name)].filter(Boolean).join(", ");
  const more = [
    ...(choices ? [`one of ${choices.join(", ")}`] : []),
    ...(fallback === undefined ? [] : [`default: ${fallback}`]),
    ...(variable === undefined ? [] : [`environment: ${variable}${count === "many" ? ", separated by commas" : ""}`]),
  ];
  const option = new Option(
    placeholder === undefined ? flags : `${flags} <${placeholder}>`,
    more.length > 0 ? `${summary} (${more.join("; ")})` : summary,
  );
  // "--no-x" is a switch of its own here, and not "--x" turned off.
  option.negate = false;
  // Every option comes as the list of what was written for it; its own declaration makes a value of that.
  return option.argParser((text: string | undefined, before: readonly string[] = []) => [...before, text ?? ""]);
}

/** Says of a mistake in a command line what to write instead. */
function explain(command: Commander, example: string, hasCommandLine = false): void {
  command.exitOverride((error: CommanderError) => {
    // Help and version are no mistakes.
    if (error.exitCode === 0 || error.code === "commander.help") throw error;
    const names = [];
    for (let at: Commander | null = command; at; at = at.parent) names.unshift(at.name());
    const called = names.join(" ");
    const wrong = error.message.replace(/^error: /, "").replaceAll(/\s*\n\s*/g, " ");
    const usage = command.commands.length > 0 ? "" : `write ${called} ${command.usage()}, such as: ${example}; `;
    const behind =
      hasCommandLine && error.code === "commander.unknownOption"
        ? "an option of the command that is to be run stands behind --; "
        : "";
    throw UserError.at("", `${wrong}; ${behind}${usage}${called} --help says more`, "usage");
  });
}

/** What each exit code means, on a line of its own. */
function exitCodesOf({ exitCodes }: Pick<Command, "exitCodes">): string {
  return ["Exit codes:", ...exitCodes.map(([code, meaning]) => `  ${String(code).padEnd(4)} ${meaning}`)].join("\n");
}

function examplesOf(lines: readonly string[]): string {
  return `\nExample${lines.length > 1 ? "s" : ""}:\n${lines.map((line) => `  $ ${line}`).join("\n")}`;
}
