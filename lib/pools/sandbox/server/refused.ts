import type { Refusal, RefusalCode } from "../protocol";

const STATUS: Record<RefusalCode, number> = {
  malformed: 400,
  unauthorized: 401,
  "not-found": 404,
  "unknown-slot": 404,
  "unknown-tool": 400,
  "not-supported": 501,
  "stale-generation": 409,
  "no-generation": 409,
  "outside-workspace": 403,
  "too-large": 413,
  busy: 429,
  "sandbox-required": 422,
  stopping: 503,
  internal: 500,
};

/** A request that is refused: nothing was run. */
export class Refused extends Error {
  constructor(
    readonly code: RefusalCode,
    message: string,
    private readonly more: Pick<Refusal, "generation"> = {},
  ) {
    super(message);
  }

  get status(): number {
    return STATUS[this.code];
  }

  /** The body of the answer; its fields are also those of an execution's answer, for clients that know no other. */
  get body(): Refusal & { readonly output: ""; readonly metadata: Record<string, never> } {
    return { success: false, output: "", error: this.message, code: this.code, ...this.more, metadata: {} };
  }
}
