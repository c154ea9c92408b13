import { ReadableError } from "./readable-error";
import { shortened } from "./shortened";

/** Characters of a refusal that are kept: a proxy's page may have a hundred thousand, and nobody reads them in a message. */
const LONGEST_REFUSAL = 4000;

/** An answer that is no success. */
export class ApiError extends ReadableError {
  override readonly name = "ApiError";
  readonly code = "server";
  /** What the server said, as far as a message has room for it. */
  readonly body: string;

  constructor(
    readonly api: string,
    readonly method: string,
    readonly path: string,
    readonly status: number,
    body: string,
  ) {
    const kept = body.length > LONGEST_REFUSAL ? `${shortened(body, LONGEST_REFUSAL)} (the rest is left out)` : body;
    super(`${api} answered ${status} to ${method} ${path}: ${kept.trim()}`);
    this.body = kept;
    this.quietly("body", "api", "method", "path", "status");
  }
}
