import type { IncomingMessage } from "node:http";
import * as v from "valibot";
import { Refused } from "./refused";

/** Reads bodies of requests within limits: of each, and of all together. */
export class Bodies {
  #held = 0;

  constructor(
    private readonly each: number,
    private readonly all: number,
  ) {}

  /**
   * Works on a body, of which the bytes count until it is done.
   *
   * @throws Refused where it is no JSON, or too large
   */
  async with<T>(request: IncomingMessage, work: (body: unknown) => Promise<T>): Promise<T> {
    let held = 0;
    try {
      const type = request.headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
      if (type !== "application/json") throw new Refused("malformed", "write Content-Type: application/json");
      const chunks: Buffer[] = [];
      // A body that is refused halfway keeps its connection, over which the refusal goes.
      for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        held += chunk.length;
        this.#held += chunk.length;
        if (held > this.each) throw new Refused("too-large", `The request is larger than ${this.each} bytes`);
        if (this.#held > this.all) throw new Refused("busy", "Too much is being read at once; try again");
        chunks.push(chunk);
      }
      return await work(jsonOf(Buffer.concat(chunks)));
    } finally {
      this.#held -= held;
    }
  }
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new Refused("malformed", "Invalid JSON");
  }
}

/** A body with the shape of a request. @throws Refused with the place of what is wrong, never with its value */
export function shaped<S extends v.GenericSchema>(schema: S, body: unknown): v.InferOutput<S> {
  const parsed = v.safeParse(schema, body, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const place = issue.path?.map(({ key }) => (typeof key === "number" ? key : String(key).slice(0, 64))).join(".");
  const problem = issue.type === "string" || issue.expected === null ? issue.message : `expected ${issue.expected}`;
  throw new Refused(
    "malformed",
    place === undefined ? "The body has another shape" : `${place}: ${problem.slice(0, 200)}`,
  );
}
