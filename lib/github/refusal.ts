import { UserError } from "../jobspec";

/** Asks GitHub for something, and says what a token lacks where it refuses. */
export async function askGitHub<T>(what: string, permission: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const { status, message } = error as { readonly status?: number; readonly message?: string };
    if (status === undefined) throw error;
    const refused = status === 401 || status === 403 || status === 404;
    const hint = refused ? `; the token needs "${permission}", and runs of forks have none` : "";
    throw UserError.at("", `GitHub refuses to ${what} (${status}: ${message ?? ""})${hint}`, "github");
  }
}
