import { UserError } from "../errors";
import { NoAnswer } from "./fetch";
import type { Workflow } from "./workflow";

/**
 * Asks GitHub for something, and says what a token lacks where it refuses.
 *
 * @throws UserError where GitHub refuses or does not answer; the signal's reason, where it is aborted
 */
export async function askGitHub<T>(
  { signal }: Pick<Workflow, "signal">,
  what: string,
  permission: string,
  ask: () => Promise<T>,
): Promise<T> {
  try {
    signal?.throwIfAborted();
    return await ask();
  } catch (error) {
    signal?.throwIfAborted();
    const { status, message = "", response } = error as Partial<Record<"status" | "message" | "response", unknown>>;
    const reason = String(message);
    if (error instanceof NoAnswer || (status !== undefined && response === undefined))
      throw UserError.at("", `GitHub does not answer to ${what}: ${reason}; try again`, "github");
    if (status === undefined) throw error;
    const refused = status === 401 || status === 403 || status === 404;
    const hint = refused ? `; the token needs "${permission}", and runs of forks have none` : "";
    throw UserError.at("", `GitHub refuses to ${what} (${String(status)}: ${reason})${hint}`, "github");
  }
}
