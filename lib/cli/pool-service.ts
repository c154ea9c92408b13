import { readFileSync } from "node:fs";
import { UserError } from "../errors";
import { ServiceClient, serviceConnection, ServiceRefusal, type ServiceConnection } from "../service";
import { term } from "../text";
import { clusterHere, isEmbedded, localCluster, type CliContext } from "./context";
import { ownServiceToken, serviceAddress } from "./service-tokens";

/** How the pools' service is asked. */
export interface ServiceQuestion {
  /** Whether it is said where it is. Default: yes. */
  readonly says?: boolean;
  /** Where it is. Default: as {@link connectionOf} says. */
  readonly connection?: ServiceConnection;
}

/**
 * Asks the pools' service that POOL_SERVICE_ADDR and POOL_SERVICE_TOKEN name, else that of the project's embedded cluster with its token, and says where
 * that is before, and what it waits for where that takes longer than a moment.
 *
 * @param ask is given the service, and what says that something else is waited for now
 * @throws UserError where it refuses, or does not answer
 */
export async function withService<T>(
  context: Pick<CliContext, "env" | "cwd" | "terminal">,
  ask: (service: ServiceClient, step: (text: string) => void) => Promise<T>,
  { says = true, connection = connectionOf(context) }: ServiceQuestion = {},
): Promise<T> {
  if (says) sayWhere(connection.address, context);
  const steps = says ? context.terminal.progress({ after: A_MOMENT }) : undefined;
  const step = (text: string) => steps?.step(text);
  try {
    step("waiting for the pools' service to answer");
    return await ask(new ServiceClient(connection), step);
  } catch (error) {
    if (error instanceof ServiceRefusal) throw refused(error.problem, connection.token !== undefined);
    throw error;
  } finally {
    context.terminal.rest();
  }
}

/** What is answered within this time is not worth a word: milliseconds. */
const A_MOMENT = 1000;

/**
 * Where the service is. That of the embedded cluster gets its token as that cluster gets its own: at its own address alone, while that cluster lives, and where
 * the variables name no other one.
 */
export function connectionOf(context: Pick<CliContext, "env" | "cwd" | "terminal">): ServiceConnection {
  const { env, terminal } = context;
  const said = serviceConnection(env);
  const cluster = clusterHere(context);
  const addresses = cluster?.addresses();
  if (said.token !== undefined || addresses === undefined || !cluster?.isAt(addresses.nomad)) return said;
  const address = serviceAddress(addresses.portOffset);
  const isOwn = env.POOL_SERVICE_ADDR ? said.address === address : isEmbedded(env, cluster);
  if (!isOwn) return said;
  const file = ownServiceToken(localCluster(context).project);
  if (file === undefined) return { ...said, address };
  const token = readFileSync(file, "utf8").trim();
  terminal.masking.learn({ POOL_SERVICE_TOKEN: token });
  return { ...said, address, token };
}

/** Says which service a command talks to, without credentials. */
function sayWhere(address: string, { cwd, terminal }: Pick<CliContext, "cwd" | "terminal">): void {
  const shown = new URL(address);
  shown.username = shown.password = "";
  const at = shown.href.replace(/\/$/, "");
  const offset = clusterHere({ cwd })?.addresses()?.portOffset;
  const own = offset !== undefined && at === serviceAddress(offset) ? term`, of the embedded cluster` : term``;
  terminal.note(term`  the pools' service at ${at}${own}`);
}

const WAY =
  "write one that cdk-nomad pool token create made into POOL_SERVICE_TOKEN, or its file into POOL_SERVICE_TOKEN_FILE; in the folder of a project whose embedded cluster has the service, none is needed";

/**
 * A refusal of the service as a mistake of whoever asked, with what to do.
 *
 * @param hasToken whether it was told a token. Default: yes
 */
export function refused({ title, detail, code, retryAfter }: ServiceRefusal["problem"], hasToken = true): UserError {
  // The service names a header; here a variable is what is to be written.
  if (code === "unauthorized") {
    const what = hasToken ? "the service knows no such token" : "the service asks for a token, and none is given";
    return UserError.at("POOL_SERVICE_TOKEN", `${what}; ${WAY}`, code);
  }
  const again = retryAfter === undefined || detail.includes("ask again") ? "" : `; ask again in ${retryAfter} s`;
  return UserError.at("", `the service refuses: ${title}: ${detail}${again}`, code);
}
