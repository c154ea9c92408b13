import * as v from "valibot";
import { ForeignAnswer } from "../../errors";
import { jsonExtent } from "../../jobspec/host";
import { variableOf } from "../connection";

/** Where an answer comes from, for messages. */
export interface AnswerSource {
  /** `Nomad` or `Consul`. */
  readonly name: string;
  readonly address: string;
  /** What was asked, such as `GET /v1/jobs`. */
  readonly endpoint: string;
}

/**
 * Reads an answer through its schema. What the schema does not name is left out.
 *
 * @throws UserError with the endpoint and the place inside the answer, where it is not what was asked for; never with a value out of it,
 * which may be secret
 */
export function readAnswer<S extends v.GenericSchema<unknown>>(
  schema: S,
  answer: unknown,
  source: AnswerSource,
): v.InferOutput<S> {
  // An answer without a body is no empty list: whatever stands in between may have left it out.
  if (answer === undefined && !MAY_BE_EMPTY.has(schema.type)) throw unreadable(source, "the whole answer is missing");
  const result = tryRead(schema, answer, source);
  if (result.success) return result.output;
  const [{ expected, input, path = [] }] = result.issues;
  const place = path.map(({ key }) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  const where = place === "" ? "the whole answer" : place.replace(/^\./, "");
  const wanted = KINDS[expected ?? ""];
  throw unreadable(source, `${where} is ${kindOf(input)}${wanted === undefined ? "" : `, where ${wanted} belongs`}`);
}

/** Schemas of what has no body, or whose body nobody looks at. */
const MAY_BE_EMPTY = new Set(["undefined", "unknown"]);

/** An answer that cannot be read. @param what what is wrong with it */
export function unreadable({ name, address, endpoint }: AnswerSource, what: string): ForeignAnswer {
  const variable = variableOf(name, "address");
  const look = variable === undefined ? "look" : `look at ${variable},`;
  const message = `the answer to ${endpoint} is not one of ${name}'s: ${what}; ${look} whether ${address} is a ${name} of a release that cdk-nomad knows, and nothing in between answers in its place`;
  return new ForeignAnswer(message);
}

function tryRead<S extends v.GenericSchema<unknown>>(schema: S, answer: unknown, source: AnswerSource) {
  try {
    return v.safeParse(schema, answer, { abortEarly: true });
  } catch (error) {
    // The stack is the limit for what is nested in itself.
    if (error instanceof RangeError) throw unreadable(source, "it is nested too deeply");
    throw error;
  }
}

const KINDS: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  boolean: "true or false",
  Object: "an object",
  Array: "a list",
  unknown: "an object",
};

function kindOf(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : typeof value === "string" ? "a text" : `a ${typeof value}`;
}

/** What a server holds, such as the configuration of a task, may be nested as deep as somebody likes, and whatever walks through it has a stack that ends. */
const DEEPEST_ANSWER = 500;

/** The allocations of a very large cluster are some millions of values. */
const MOST_VALUES = 5_000_000;

/** Reads JSON; an empty body is undefined. */
export function parseJson(text: string, source: AnswerSource): unknown {
  if (text.trim() === "") return undefined;
  const { depth, values } = jsonExtent(text);
  if (depth > DEEPEST_ANSWER) throw unreadable(source, `it is nested more than ${DEEPEST_ANSWER} deep`);
  if (values > MOST_VALUES) throw unreadable(source, `it has more than ${MOST_VALUES / 1_000_000} million values`);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw unreadable(source, "it is no JSON");
  }
}
