/** The commands that the runner takes out of a log: https://github.com/actions/runner, src/Runner.Worker/ActionCommandManager.cs */
export function commandsIn(log: string): string[] {
  const commands: string[] = [];
  let stopped: string | undefined;
  for (const line of log.split(/\r\n|[\r\n]/)) {
    const [, name, text = ""] =
      /^\s*::([^\s:]+)(?: [^:]*)?::(.*)$/.exec(line) ?? /##\[([^\s\]]+)[^\]]*\](.*)$/.exec(line) ?? [];
    if (stopped !== undefined) {
      if (name === stopped) stopped = undefined;
    } else if (name === "stop-commands") stopped = text;
    else if (name !== undefined) commands.push(line);
  }
  if (stopped !== undefined) throw new Error("commands are stopped to the end of the log");
  return commands;
}

/** The outputs of a step: https://github.com/actions/runner, src/Runner.Worker/FileCommandManager.cs */
export function outputsIn(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  const lines = text.split("\n");
  for (let line = lines.shift(); line; line = lines.shift()) {
    const [name = "", delimiter = ""] = line.split("<<", 2);
    const end = lines.indexOf(delimiter);
    found[name] = lines
      .splice(0, end + 1)
      .slice(0, -1)
      .join("\n");
  }
  return found;
}
