import { UserError } from "../errors";
import type { Duration } from "../jobspec";
import { argument, choice, flag, pairs, value, values, type Parse } from "./command";

// Parameters that several commands have; a command spreads those that it takes. The help has all of them, so rooms are loaded where a value is read.

export const environment = { environment: argument("the stack's name") };
export const stackOrFile = { stack: argument("the stack's name, or a file of HCL, JSON or TypeScript", "stack|file") };

export const json = { json: flag("print one JSON value on stdout, also of an error") };
/** How a result is printed: `--json` is the same as `--format json`. */
export const format = {
  format: choice("format", "how it is printed", ["text", "markdown", "json"], "text"),
  ...json,
};
export const oneJob = { job: value("id", "only this job; also a pool, by its name") };
export const stackVariables = {
  var: pairs(
    "name=value",
    "the value of a variable of the stack; without it, the environment variable TF_VAR_name counts",
  ),
};

/** Values for the variables of HCL, or of a stack where that is named. */
export const variables = {
  var: pairs(
    "name=value",
    "the value of a variable of the file, or of the stack; without it, the environment variable NOMAD_VAR_name counts for a file of HCL, and TF_VAR_name for a stack",
  ),
  varFile: values("file", "a file with such values, for a file of HCL: name = value on each line, or JSON"),
};

export const portOffset = { portOffset: value("number", "move every port by this much", wholeNumber) };

export const acl = {
  closed: flag("ask for tokens: nobody else's page or program may do anything then; this is the default"),
  open: flag(
    "ask for no tokens: then every user of this machine, and every page in a browser on it, may run commands as whoever starts the cluster",
  ),
};

/** The option of the commands that start the embedded cluster. */
export const vault = {
  vault: flag(
    "a server that keeps secrets too, OpenBao or Vault, as PATH has it: Nomad's tasks read them by their identity",
  ),
};

export const noWaitBatch = { noWaitBatch: flag("do not wait for the end of batch jobs") };

/** Options of every command that changes something of a stack on its cluster. */
export const changing = {
  direct: flag("go past Terraform's state and its lock, where the stack is Terraform's; it is refused otherwise"),
};

/** The option of every command that registers changed jobs. */
export const endingLeases = {
  endLeases: flag("change a pool's job also where that ends what is leased of it"),
};

/** What a deployment is allowed by name; a preview is told of it too, to say whether that one would be refused. */
export const allowedByName = {
  ...endingLeases,
  defaults: flag(
    "for variables of the last deployment that are not given now, take the defaults of the program, whatever that changes",
  ),
  adopt: flag("take over jobs of the same ids that this stack did not bring"),
  toNewCluster: flag("where the stack went to another cluster the last time: bring it to this one too"),
};

/** Options that decide what becomes of what a program has no longer. */
export const pruning = {
  prune: flag("stop and remove what the program has no longer, also where it may only be missing, and in Consul"),
  noPrune: flag("keep what the program has no longer"),
};

/** Options of every command that watches deployments. */
export const watching = {
  detach: flag("do not wait: Nomad goes on by itself"),
  timeout: value("duration", "how long to wait, such as 10m; Nomad goes on after it", duration),
  ...noWaitBatch,
  ...stackVariables,
  ...json,
};

/** The option that splits the requests between canaries and the rest. */
export function canaryWeight(summary: string) {
  return { canaryWeight: value("percent", `through Consul, ${summary}`, percent) };
}

/** A whole number, 0 or more. */
export function wholeNumber(text: string, name: string): number {
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw UserError.at(name, `"${text}" is no whole number; write 1000, say`, "option");
}

/** A port of TCP; 0 where any that is free is meant. */
export function port(text: string, name: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw UserError.at(name, `"${text}" is no port; write a whole number up to 65535, such as 8790`, "option");
}

/** A length of time that is longer than none. */
export function duration(text: string, name: string): Duration {
  const { Duration } = require("../jobspec") as typeof import("../jobspec");
  const found = Duration.parse(text);
  if (found && found.nanoseconds > 0) return found;
  throw UserError.at(name, `"${text}" is no length of time; write 90s or 10m, say`, "option");
}

/** A part of a hundred. */
function percent(text: string, name: string): number {
  const number = /^\d+%?$/.test(text) ? Number(text.replace(/%$/, "")) : Number.NaN;
  if (number <= 100) return number;
  throw UserError.at(name, `"${text}" is no percentage; write 0 to 100`, "option");
}

/** Names of regions with commas between them. */
export const regionNames: Parse<readonly string[]> = (text, name) => {
  const { REGION_NAME } = require("../local") as typeof import("../local");
  const names = text.split(",");
  const way = "write names of small letters, digits and - with commas between them, such as us-west,us-east";
  const wrong = names.find((one) => !REGION_NAME.test(one));
  if (wrong !== undefined) throw UserError.at(name, `"${wrong}" is no name of a region; ${way}`, "option");
  const twice = names.find((one, index) => names.indexOf(one) !== index);
  if (twice !== undefined) throw UserError.at(name, `"${twice}" stands there twice; ${way}`, "option");
  return names;
};
