import { lstatSync } from "node:fs";
import { basename, dirname } from "node:path";
import { agentOfConfiguration, CLUSTER_MARK, isConfigurationFile } from "./agents";
import { listProcesses, usersOf, variableOf, type ListedProcess } from "../machine";
import { readMark, type ClusterState } from "./state";

/** A process that is an agent of a cluster. */
export interface LivingAgent {
  /** As in {@link Agent}. */
  readonly name: string;
  readonly pid: number;
  /** Whether it was started in its program's dev mode, in which a Nomad that ends ends its tasks. */
  readonly dev: boolean;
  /** What the agent was told of its cluster when it was started; undefined where it is not to be seen. */
  readonly mark: ClusterState | undefined;
}

/**
 * The agents of a cluster that live, asked of the system: processes that were started with a configuration file of this very folder, whether
 * it is there still or not. No file has to be right for it. Every user may start a process with such arguments and such an environment: one
 * counts that runs as the owner of the folder or as root.
 */
export function livingAgents(folder: string): readonly LivingAgent[] {
  const found = listProcesses().flatMap((listed) => {
    const name = agentOf(listed, folder);
    return name === undefined ? [] : [{ name, pid: listed.pid, dev: isDevMode(listed) }];
  });
  if (found.length === 0) return [];
  const trusted = trustedUsers(folder);
  return found
    .filter(({ pid }) => isOf(trusted, usersOf(pid)))
    .map((agent) => ({ ...agent, mark: readMark(variableOf(agent.pid, CLUSTER_MARK)) }));
}

/** Whether a process belongs to certain users: also who started a program with the rights of somebody else has to be one of them. */
export function isOf(trusted: ReadonlySet<number>, users: readonly number[]): boolean {
  return users.length > 0 && users.every((user) => trusted.has(user));
}

/** Whose processes may be agents of a folder's cluster. Of a folder that was removed, the one above it tells the owner. */
function trustedUsers(folder: string): ReadonlySet<number> {
  const owner = [folder, dirname(folder)].map(ownerOf).find((uid) => uid !== undefined);
  return new Set(owner === undefined ? [0] : [0, owner]);
}

/** Of a link, whose it is, and not of what it leads to. */
function ownerOf(path: string): number | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.uid;
}

/** The name of the agent of a folder's cluster that a process is; undefined where it is none. */
export function agentOf({ command }: Pick<ListedProcess, "command">, folder: string): string | undefined {
  const config = argumentsOf(command)
    .map((text) => /^-config(?:-file)?=(.*)$/s.exec(text)?.[1])
    .find((path) => path !== undefined && dirname(path) === folder && isConfigurationFile(basename(path)));
  return config === undefined ? undefined : agentOfConfiguration(config);
}

function isDevMode({ command }: ListedProcess): boolean {
  return typeof command === "string" ? / agent -dev /.test(command) : command[2] === "-dev";
}

/** What follows of a command line that is as `startAgent` writes it. */
function argumentsOf(command: ListedProcess["command"]): readonly string[] {
  if (typeof command !== "string") {
    const [, verb, ...rest] = command;
    const own = verb === "agent" && rest[0] === "-dev" ? rest.slice(1) : rest;
    return (verb === "agent" || verb === "server") && own.length === 1 ? own : [];
  }
  const last = / (?:agent (?:-dev )?|server )(-config(?:-file)?=.*)$/s.exec(command)?.[1];
  return last === undefined ? [] : [last];
}

/** What the agents that live say of their cluster; undefined where none does. */
export function rememberedBy(living: readonly LivingAgent[]): ClusterState | undefined {
  const marks = living.flatMap(({ mark }) => (mark ? [mark] : []));
  const [first] = marks;
  if (!first) return undefined;
  return { ...first, agents: Object.assign({}, ...marks.map(({ agents }) => agents)) as ClusterState["agents"] };
}
