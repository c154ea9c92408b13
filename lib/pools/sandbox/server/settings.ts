import { isIP } from "node:net";
import { parseArgs } from "node:util";
import type { Isolation } from "../protocol";
import { LIMITS, type Limits } from "./limits";

/** The most slots of a server: each has a number among those of its users. */
const MOST_SLOTS = 256;

/** Below are users of the system, which no slot has. */
export const LEAST_UID = 1000;

/** What Nomad calls the ports of a task, and those of the node behind them. */
const PORT = "NOMAD_PORT_";
const NODE_PORT = "NOMAD_HOST_PORT_";

/** What the command line of the server says. */
export interface Settings {
  readonly port: number;
  readonly listen: string;
  readonly slots: number;
  readonly dataDir: string;
  /** The file of the token; undefined: none is asked for. */
  readonly tokenFile: string | undefined;
  /** What may keep the slots apart, the first that is possible here. */
  readonly isolation: readonly Isolation[];
  /** The first of the slots' user ids. Default: one that follows from the port. */
  readonly uidBase: number | undefined;
  /** The port of the node behind which it is reached, where it has a network of its own; undefined: the one that it listens on. */
  readonly nodePort: number | undefined;
  readonly limits: Limits;
}

/** A command line that cannot be meant, in words for a person. */
export class SettingsError extends Error {}

export const USAGE = `Usage: sandbox-server --port N --slots N --data-dir FOLDER (--token-file FILE | --no-token)

  --listen ADDRESS     where it listens (127.0.0.1)
  --token-file FILE    the token that every request but /health must bring; made where there is no such file
  --no-token           asks for none: on a loopback address only
  --isolation KINDS    what may keep the slots apart, the first that is possible here: bubblewrap, user, none (bubblewrap,user)
  --uid-base N         the first of the slots' user ids, where it is root (follows from the port)
  --limit NAME=N       one of ${Object.keys(LIMITS).join(", ")}`;

/** Reads a command line. @param env what Nomad tells a task of its ports. @throws SettingsError */
export function readSettings(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): Settings {
  const values = parsed(args);
  const listen = values.listen ?? "127.0.0.1";
  if (isIP(listen) === 0) throw new SettingsError(`--listen ${listen} is no IP address`);
  const tokenFile = values["token-file"];
  const noToken = values["no-token"] ?? false;
  if (noToken && tokenFile !== undefined) throw new SettingsError("--no-token and --token-file exclude each other");
  if (!noToken && !tokenFile)
    throw new SettingsError(
      "whoever reaches it could run commands: write --token-file FILE (or --no-token on loopback)",
    );
  if (noToken && !isLoopback(listen))
    throw new SettingsError(`--no-token is for loopback only, and ${listen} is not: write --token-file FILE`);
  if (!values["data-dir"]) throw new SettingsError("write --data-dir FOLDER, where the workspaces are");
  const port = whole("--port", values.port, 0, 65_535);
  return {
    port,
    nodePort: nodePortOf(port, env),
    listen,
    slots: whole("--slots", values.slots ?? "10", 1, MOST_SLOTS),
    dataDir: values["data-dir"],
    tokenFile,
    isolation: kinds(values.isolation ?? "bubblewrap,user"),
    uidBase:
      values["uid-base"] === undefined ? undefined : whole("--uid-base", values["uid-base"], LEAST_UID, 2 ** 32 - 512),
    limits: limits(values.limit ?? []),
  };
}

/** Whether an address is reached from its own machine only. */
function isLoopback(address: string): boolean {
  return /^127\.\d+\.\d+\.\d+$/.test(address) || address === "::1";
}

/**
 * The node's port for one of the task's ports.
 *
 * @see https://developer.hashicorp.com/nomad/docs/reference/runtime-environment-settings
 */
function nodePortOf(port: number, env: Readonly<Record<string, string | undefined>>): number | undefined {
  const name = Object.keys(env).find((each) => each.startsWith(PORT) && env[each] === String(port));
  const value = name === undefined ? undefined : env[`${NODE_PORT}${name.slice(PORT.length)}`];
  return value !== undefined && /^\d{1,5}$/.test(value) ? Number(value) : undefined;
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: { type: "string" },
        listen: { type: "string" },
        slots: { type: "string" },
        "data-dir": { type: "string" },
        "token-file": { type: "string" },
        "no-token": { type: "boolean" },
        isolation: { type: "string" },
        "uid-base": { type: "string" },
        limit: { type: "string", multiple: true },
      },
    }).values;
  } catch (error) {
    throw new SettingsError(error instanceof Error ? error.message : String(error));
  }
}

function whole(name: string, text: string | undefined, least: number, most: number): number {
  if (text === undefined) throw new SettingsError(`write ${name} N`);
  const value = Number(text);
  if (!/^\d{1,15}$/.test(text) || value < least || value > most)
    throw new SettingsError(`${name} ${text} is no whole number from ${least} to ${most}`);
  return value;
}

function kinds(text: string): readonly Isolation[] {
  return text.split(",").map((word) => {
    if (word === "bubblewrap" || word === "user" || word === "none") return word;
    throw new SettingsError(`--isolation ${word} is not known: write bubblewrap, user or none, with commas between`);
  });
}

function limits(given: readonly string[]): Limits {
  const own = given.map((text) => {
    const [name = "", value] = text.split("=", 2);
    if (!Object.hasOwn(LIMITS, name))
      throw new SettingsError(`--limit ${name} is not known: write one of ${Object.keys(LIMITS).join(", ")}`);
    return [name, whole(`--limit ${name}`, value, 1, Number.MAX_SAFE_INTEGER)] as const;
  });
  return { ...LIMITS, ...Object.fromEntries(own) };
}
