import { UserError } from "../jobspec";
import { ApiError } from "./http";

/** Why something went wrong, in words, where it may go well later; undefined where asking again does not mend it. */
export function passingTrouble(error: unknown): string | undefined {
  if (error instanceof UserError) return isUnreachable(error) ? "Nomad does not answer" : undefined;
  if (!(error instanceof ApiError)) return undefined;
  if (error.status === 429) return `${error.api} asks for fewer requests`;
  return error.status >= 500 && /leader|rpc error|connection|EOF|timeout/i.test(error.body)
    ? `${error.api} answers "${error.body.trim()}"`
    : undefined;
}

/** Whether a server could not be reached at all. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof UserError && error.problems[0]?.rule === "unreachable";
}

/** Whether a server refused the token, or wanted one. */
export function isTokenRefused(error: unknown): boolean {
  return error instanceof UserError && error.problems[0]?.rule === "token";
}
