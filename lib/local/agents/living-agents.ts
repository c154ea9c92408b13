import { lstatSync, readlinkSync } from "node:fs";
import { basename, dirname } from "node:path";
import { agentOfConfiguration, CLUSTER_MARK, filesOf, isConfigurationFile } from "./agents";
import { configurationOf, listProcesses, usersOf, variableOf, type ListedProcess } from "../machine";
import { readMark, type ClusterState } from "./state";

/** A process that is an agent of a cluster. */
export interface LivingAgent {
  /** As in {@link Agent}. */
  readonly name: string;
  readonly pid: number;
  /** The cluster's folder when it was started, where that was moved since: what it names there, it misses. */
  readonly movedFrom: string | undefined;
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
    const { pid } = listed;
    const movedFrom = movedTo(folder, listed);
    const name = agentOf(listed, movedFrom ?? folder);
    return name === undefined ? [] : [{ name, pid, movedFrom, dev: isDevMode(listed) }];
  });
  if (found.length === 0) return [];
  const trusted = trustedUsers(folder);
  return found
    .filter(({ pid }) => isOf(trusted, usersOf(pid)))
    .map((agent) => ({ ...agent, mark: readMark(variableOf(agent.pid, CLUSTER_MARK)) }));
}

/**
 * Where a process was started as an agent of a cluster whose folder was moved here since: its configuration is named where it was, and its log, which it holds
 * open, is where it is. Undefined where it is none, and where the system does not tell.
 */
function movedTo(folder: string, { pid, command }: ListedProcess): string | undefined {
  const config = configurationOf(command);
  if (config === undefined || dirname(config) === folder || !isConfigurationFile(basename(config))) return undefined;
  try {
    const log = readlinkSync(`/proc/${pid}/fd/1`);
    return log === filesOf(folder, agentOfConfiguration(config)).log ? dirname(config) : undefined;
  } catch {
    return undefined;
  }
}

/** The folders in which the agents of a cluster were started, where it was moved since. */
export function formerFolders(living: readonly LivingAgent[]): readonly string[] {
  return [...new Set(living.flatMap(({ movedFrom }) => movedFrom ?? []))];
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
