import { ImpossibleName } from "../errors";

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
 * @throws UserError where it has none, see {@link hasKeyPath}
 */
export function keyPath(key: string): ApiPath {
  const wrong = wrongWithKey(key);
  if (wrong !== undefined) throw refused(key, wrong);
  return new EncodedPath(`/v1/kv/${key.split("/").map(encodeURIComponent).join("/")}`);
}

/** Whether a key can stand in a path: not where a step of it is empty, `.` or `..`, which Consul allows in keys and resolves in paths. */
export function hasKeyPath(key: string): boolean {
  return wrongWithKey(key) === undefined;
}

function wrongWithKey(key: string): string | undefined {
  const steps = key.split("/");
  const whole = steps.length > 1 && steps.at(-1) === "" ? steps.slice(0, -1) : steps;
  if (whole.includes("")) return "has an empty step between its slashes";
  return whole.map(wrongWithSegment).find((wrong) => wrong !== undefined);
}

function encodeSegment(value: string): string {
  const wrong = value === "" ? "is empty, where a name belongs" : wrongWithSegment(value);
  if (wrong !== undefined) throw refused(value, wrong);
  return encodeURIComponent(value);
}

function wrongWithSegment(value: string): string | undefined {
  if (value.split(/[/\\]/).some((step) => step === "." || step === ".."))
    return 'has a step "." or "..", which a server would resolve to the path of something else';
  // A lone surrogate cannot be encoded.
  return value.isWellFormed() ? undefined : "is no well-formed Unicode text";
}

function refused(value: string, why: string): ImpossibleName {
  return new ImpossibleName(JSON.stringify(value), `${why}; write another name`);
}
