import { ApiError, NoAnswerError, shortened, TokenRefused } from "../errors";

export { ApiError, messageOf } from "../errors";

/**
 * What a server says where asking again may go well: it has no leader just now, or a connection of its own was cut.
 *
 * @see https://developer.hashicorp.com/nomad/api-docs#http-response-codes
 */
const PASSING =
  /no (?:cluster )?leader|leadership|not the leader|not ready to serve consistent reads|raft is already shutdown|connection (?:refused|reset|closed|error)|broken pipe|\bEOF\b|timed out|i\/o timeout|timeout exceeded|deadline exceeded|no (?:known )?(?:consul |nomad )?servers|failed to get conn|rate limit|too many requests|shutting down|session shutdown|stream closed/i;

/** What a server says where asking again does not mend it, whatever the rest of the text. */
const REFUSED =
  /errors? occurred:|permission denied|acl token|acl (?:not found|support disabled)|invalid|not found|unknown (?!leader)|unlicensed|validation|failed to parse|must be|cannot|can't/i;

/** Whether a text of a server says that the token may not, whatever the status is. */
export function refusesToken(status: number, body: string): boolean {
  if (status === 401 || status === 403) return true;
  return (
    status >= 500 &&
    /permission denied|acl token (?:not found|expired|is invalid|lookup failed)|failed to parse signed token|acl not found/i.test(
      body,
    )
  );
}

/** Why something went wrong, in words, where it may go well later; undefined where asking again does not mend it. */
export function passingTrouble(error: unknown): string | undefined {
  if (error instanceof NoAnswerError)
    return error.kind === "closed" || error.kind === "unreached" ? undefined : `${error.api} does not answer`;
  if (!(error instanceof ApiError)) return undefined;
  if (error.status === 429) return `${error.api} asks for fewer requests`;
  if (error.status < 500 || REFUSED.test(error.body)) return undefined;
  const fromAProxy = error.status === 502 || error.status === 503 || error.status === 504;
  return fromAProxy || PASSING.test(error.body)
    ? `${error.api} answers "${shortened(error.body.trim(), 200)}"`
    : undefined;
}

/** Whether a server could not be reached at all, or does not answer. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof NoAnswerError && error.kind !== "closed";
}

/** Whether a client was closed before it had its answer: it has none any more. */
export function isClosed(error: unknown): boolean {
  return error instanceof NoAnswerError && error.kind === "closed";
}

/** Whether a server takes requests and does not answer them. */
export function isSilent(error: unknown): boolean {
  return error instanceof NoAnswerError && error.kind === "silent";
}

/** Whether a server was silent once more, after it had been before and had answered nothing since. */
export function isStillSilent(error: unknown): boolean {
  return error instanceof NoAnswerError && error.isStillSilent;
}

/** Whether a server refused the token, or wanted one. */
export function isTokenRefused(error: unknown): boolean {
  return error instanceof TokenRefused;
}

/** Whether a server refused to register a job, since it has another modify index than the one that the registration was for. */
export function isConflict(error: unknown): boolean {
  return error instanceof ApiError && /enforcing job modify index/i.test(error.body);
}

/**
 * Whether a server has no way to the region that was asked about: there is none of that name, or none of its servers answers any more.
 *
 * @see https://developer.hashicorp.com/nomad/docs/operations/federation
 */
export function isRegionUnreached(error: unknown): boolean {
  return error instanceof ApiError && error.status >= 500 && /no path to region/i.test(error.body);
}

/** The code of an error of the network. */
export function codeOf(error: unknown): string | undefined {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}
