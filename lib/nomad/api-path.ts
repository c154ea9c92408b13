import { UserError } from "../jobspec";

/**
 * The path of an endpoint, with everything that was put into it encoded. Only {@link apiPath} and {@link keyPath} make one, since the
 * class is not exported, and a request takes nothing else.
 */
class EncodedPath {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The path as it is sent. */
  toString(): string {
    return this.#text;
  }
}

export type ApiPath = EncodedPath;

/**
 * The path of an endpoint: ``apiPath`/v1/job/${id}/plan` ``. Each value is one segment, whatever is in it.
 *
 * @throws UserError where a value is empty, or has a step `.` or `..`, which URLs and servers would resolve: the request would go to
 * another endpoint
 */
export function apiPath(literals: TemplateStringsArray, ...values: readonly string[]): ApiPath {
  return new EncodedPath(
    literals.reduce((path, literal, index) => `${path}${encodeSegment(values[index - 1] ?? "")}${literal}`),
  );
}

/**
 * The path of a key of Consul's KV store, whose slashes part it into steps; of a prefix of keys, where it ends with a slash.
 *
 * @throws UserError where a step is empty, `.` or `..`
 */
export function keyPath(key: string): ApiPath {
  const steps = key.split("/");
  const whole = steps.length > 1 && steps.at(-1) === "" ? steps.slice(0, -1) : steps;
  if (whole.includes("")) throw refused(key, "has an empty step between its slashes");
  return new EncodedPath(`/v1/kv/${steps.map((step) => (step === "" ? "" : encodeSegment(step))).join("/")}`);
}

function encodeSegment(value: string): string {
  if (value === "") throw refused(value, "is empty, where a name belongs");
  if (value.split(/[/\\]/).some((step) => step === "." || step === ".."))
    throw refused(value, 'has a step "." or "..", which a server would resolve to the path of something else');
  // A lone surrogate cannot be encoded.
  if (!value.isWellFormed()) throw refused(value, "is no well-formed Unicode text");
  return encodeURIComponent(value);
}

function refused(value: string, why: string): UserError {
  return UserError.at(JSON.stringify(value), `${why}; write another name`, "path");
}
