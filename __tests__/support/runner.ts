import { runnerCommands } from "./runner-grammar";

/**
 * The commands that GitHub's runner takes out of the log of a step, those that are stopped left out:
 * https://github.com/actions/runner, src/Runner.Worker/ActionCommandManager.cs.
 */
export function commandsIn(log: string): string[] {
  const commands: string[] = [];
  let stopped: string | undefined;
  for (const line of log.split(/\r\n|[\r\n]/)) {
    const [command] = runnerCommands(line);
    if (stopped !== undefined) {
      if (command?.name === stopped) stopped = undefined;
    } else if (command?.name === "stop-commands") stopped = command.data;
    else if (command) commands.push(line);
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
