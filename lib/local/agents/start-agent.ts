import { spawn } from "node:child_process";
import { closeSync, rmSync } from "node:fs";
import { basename, delimiter, dirname } from "node:path";
import { openPrivateFile, privateFolder, writePrivateFile } from "../../private-files";
import type { Agent, AgentFiles } from "./agents";
import type { Binary } from "../programs";

/**
 * What a Nomad agent is told beside its configuration: the file of the token with which it asks Consul for templates of tasks that have no
 * identity. Its configuration knows no token for them, and without one they would be anonymous. Nomad keeps the variable from tasks.
 */
export function templateEnvironment({ program }: Agent, tokenFile: string): Readonly<Record<string, string>> {
  return program === "nomad" ? { CONSUL_HTTP_TOKEN_FILE: tokenFile } : {};
}

/**
 * PATH with the folder of Consul's program last: a Nomad asks that program, by its name, for the first configuration of a proxy of the mesh.
 *
 * @param consul the program's file
 */
export function pathWith(consul: string, path: string | undefined): Readonly<Record<string, string>> {
  const folders = (path ?? "").split(delimiter).filter(Boolean);
  return basename(consul) === "consul" ? { PATH: [...folders, dirname(consul)].join(delimiter) } : {};
}

/**
 * What an agent is told of the environment of whoever starts it: tasks of the drivers raw_exec, exec and java are given the environment of their Nomad. With the
 * programs and the user come what Go's programs, Docker's client and Java look for; nothing by which somebody else is asked for anything.
 */
const TOLD: ReadonlySet<string> = new Set(
  [
    "PATH HOME USER LOGNAME SHELL TMPDIR TMP TEMP TZ LANG LANGUAGE XDG_RUNTIME_DIR JAVA_HOME",
    "SSL_CERT_FILE SSL_CERT_DIR GODEBUG GOMAXPROCS GOMEMLIMIT GOTRACEBACK",
    "DOCKER_HOST DOCKER_CONTEXT DOCKER_CONFIG DOCKER_CERT_PATH DOCKER_TLS_VERIFY DOCKER_API_VERSION",
    "NO_PROXY no_proxy",
  ].flatMap((line) => line.split(" ")),
);

/** The environment of an agent: what it needs of that of whoever starts it, and no token or password of theirs. */
export function agentEnvironment(env: Readonly<Record<string, string | undefined>>): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name, value]) =>
        TOLD.has(name) ||
        name.startsWith("LC_") ||
        // One with credentials would tell every task of them.
        (/^(?:https?|all)_proxy$/i.test(name) && !value?.includes("@")),
    ),
  );
}

/** An agent that is to be started. */
export interface AgentStart {
  readonly binary: Binary;
  readonly config: object;
  readonly files: AgentFiles;
  /** The environment of whoever starts it, of which it gets what {@link agentEnvironment} says. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Variables of its own. Default: none */
  readonly own?: Readonly<Record<string, string>>;
  /** Whether it runs in its program's dev mode, in which it keeps nothing on the disk. Default: false */
  readonly dev?: boolean;
}

/** Starts an agent that outlives this process, with its output in its log. @returns the id of its process */
export function startAgent({ binary, config, files, env, own = {}, dev = false }: AgentStart): number {
  privateFolder(files.data);
  // Where a link stands in its place, the link goes.
  rmSync(files.config, { force: true });
  writePrivateFile(files.config, `${JSON.stringify(config, null, 2)}\n`);
  const log = openPrivateFile(files.log, "a");
  // By these arguments the process of an agent is known (`living-agents`).
  const args =
    binary.name === "vault"
      ? ["server", `-config=${files.config}`]
      : ["agent", ...(dev ? ["-dev"] : []), `${binary.name === "consul" ? "-config-file" : "-config"}=${files.config}`];
  try {
    const child = spawn(binary.path, args, {
      detached: true,
      stdio: ["ignore", log, log],
      env: { ...agentEnvironment(env), ...own },
    });
    child.on("error", () => undefined);
    child.unref();
    if (child.pid === undefined) throw new Error(`${binary.path} could not be started`);
    return child.pid;
  } finally {
    closeSync(log);
  }
}
