import { UserError } from "../jobspec";
import { ServiceClient, serviceConnection, ServiceRefusal } from "../service";
import type { CliContext } from "./context";

/**
 * Asks the pools' service that POOL_SERVICE_ADDR and POOL_SERVICE_TOKEN name.
 *
 * @throws UserError where it refuses, or does not answer
 */
export async function withService<T>(
  { env }: Pick<CliContext, "env">,
  ask: (service: ServiceClient) => Promise<T>,
): Promise<T> {
  try {
    return await ask(new ServiceClient(serviceConnection(env)));
  } catch (error) {
    if (error instanceof ServiceRefusal) throw refused(error.problem);
    throw error;
  }
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
