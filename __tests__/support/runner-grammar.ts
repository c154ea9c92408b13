/**
 * The grammar by which GitHub's runner finds commands in what a step prints: `ActionCommand.TryParseV2` and `TryParse` in its order, as
 * src/Runner.Common/ActionCommand.cs of actions/runner has it, for any name of a command.
 */
export interface RunnerCommand {
  readonly name: string;
  readonly properties: ReadonlyMap<string, string>;
  readonly data: string;
}

/** The commands in a text that a step printed. A line ends at "\n", "\r" or "\r\n". */
export function runnerCommands(output: string): readonly RunnerCommand[] {
  return output.split(/\r\n|\r|\n/).flatMap((line) => {
    const command = second(line) ?? first(line);
    return command ? [command] : [];
  });
}

// White space is what .NET takes for it: \s of JavaScript without U+FEFF, and U+0085.
const SPACE = "[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const START = new RegExp(`^${SPACE}+`);
const END = new RegExp(`${SPACE}+$`);

function second(line: string): RunnerCommand | undefined {
  const message = line.replace(START, "");
  if (!message.startsWith("::")) return undefined;
  const end = message.indexOf("::", 2);
  if (end < 0) return undefined;
  const { name, rest } = nameOf(message.slice(2, end));
  const properties = propertiesOf(rest.replace(START, "").replace(END, ""), ",", (value) =>
    unescape(value, ["%0D", "%0A", "%3A", "%2C", "%25"]),
  );
  return { name, properties, data: unescape(message.slice(end + 2), ["%0D", "%0A", "%25"]) };
}

function first(line: string): RunnerCommand | undefined {
  const start = line.indexOf("##[");
  const end = start < 0 ? -1 : line.indexOf("]", start);
  if (end < 0) return undefined;
  const { name, rest } = nameOf(line.slice(start + 3, end));
  const tokens = ["%3B", "%0D", "%0A", "%5D", "%25"];
  const properties = propertiesOf(rest, ";", (value) => unescape(value, tokens));
  return { name, properties, data: unescape(line.slice(end + 1), tokens) };
}

function nameOf(info: string): { readonly name: string; readonly rest: string } {
  const space = info.indexOf(" ");
  return space < 0
    ? { name: info, rest: "" }
    : { name: info.slice(0, space), rest: space > 0 ? info.slice(space + 1) : "" };
}

function propertiesOf(text: string, separator: string, value: (text: string) => string): ReadonlyMap<string, string> {
  return new Map(
    text.split(separator).flatMap((property): [string, string][] => {
      // Empty parts are left out, so that a value loses "=" at its beginning.
      const found = /^=*([^=]+)=+([^=][^]*)$/.exec(property);
      return found ? [[found[1] ?? "", value(found[2] ?? "")]] : [];
    }),
  );
}

function unescape(text: string, tokens: readonly string[]): string {
  return tokens.reduce(
    (left, token) => left.replaceAll(token, String.fromCharCode(Number.parseInt(token.slice(1), 16))),
    text,
  );
}
