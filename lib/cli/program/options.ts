import { InvalidArgumentError, Option } from "commander";
import { wholeNumber } from "../context";

/** Examples below the help of a command. */
export function example(...lines: readonly string[]): string {
  return `\nExample${lines.length > 1 ? "s" : ""}:\n${lines.map((line) => `  $ ${line}`).join("\n")}`;
}

export function offset(text: string): number {
  const number = wholeNumber(text);
  if (Number.isNaN(number)) throw new InvalidArgumentError("Write a whole number, such as 1000.");
  return number;
}

export function regionNames(text: string): readonly string[] {
  const names = text.split(",");
  const wrong = names.find((name) => !/^[a-z][a-z0-9-]{0,62}$/.test(name));
  if (wrong !== undefined || new Set(names).size < names.length)
    throw new InvalidArgumentError("Write different names with commas between them, such as us-west,us-east.");
  return names;
}

export function variable(text: string, before: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("Write name=value.");
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

export function several(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

/** How something is printed that GitHub may show too. */
export function format(): Option {
  return new Option("--format <format>", "how it is printed").choices(["text", "markdown", "json"]).default("text");
}

// Options that several commands have.
export const json = ["--json", "for machines"] as const;
export const portOffset = ["--port-offset <number>", "move every port by this much"] as const;
export const environment = ["<environment>", "the stack's name"] as const;
export const oneJob = ["--job <id>", "only this job"] as const;
export const stackVariables = [
  "--var <name=value>",
  "the value of a variable of the stack; repeatable",
  variable,
] as const;
export const variables = ["--var <name=value>", "the value of a variable of the job; repeatable", variable] as const;
export const variableFile = ["--var-file <file>", "a file of such values; repeatable", several] as const;
export const detach = ["--detach", "do not wait: Nomad goes on by itself"] as const;
export const timeout = ["--timeout <duration>", "how long to wait, such as 10m; Nomad goes on after it"] as const;
export const canaryWeight = (what: string) => ["--canary-weight <percent>", `through Consul, ${what}`] as const;
