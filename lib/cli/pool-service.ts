import { UserError } from "../jobspec";
import { ServiceClient, serviceConnection, ServiceRefusal } from "../service";
import { term } from "../text";
import { clusterHere, type CliContext } from "./context";
import { serviceAddress } from "./service-tokens";

/**
 * Asks the pools' service that POOL_SERVICE_ADDR and POOL_SERVICE_TOKEN name, and says where that is before.
 *
 * @param says whether it is said. Default: yes
 * @throws UserError where it refuses, or does not answer
 */
export async function withService<T>(
  context: Pick<CliContext, "env" | "cwd" | "terminal">,
  ask: (service: ServiceClient) => Promise<T>,
  { says = true }: { readonly says?: boolean } = {},
): Promise<T> {
  const connection = serviceConnection(context.env);
  if (says) sayWhere(connection.address, context);
  try {
    return await ask(new ServiceClient(connection));
  } catch (error) {
    if (error instanceof ServiceRefusal) throw refused(error.problem);
    throw error;
  }
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

const TOKEN =
  "the service knows no such token; write one that cdk-nomad pool token create made, or for the embedded cluster: eval $(cdk-nomad env)";

/** A refusal of the service as a mistake of whoever asked, with what to do. */
export function refused({ title, detail, code, retryAfter }: ServiceRefusal["problem"]): UserError {
  // The service names a header; here a variable is what is to be written.
  if (code === "unauthorized") return UserError.at("POOL_SERVICE_TOKEN", TOKEN, code);
  const again = retryAfter === undefined || detail.includes("ask again") ? "" : `; ask again in ${retryAfter} s`;
  return UserError.at("", `the service refuses: ${title}: ${detail}${again}`, code);
}
