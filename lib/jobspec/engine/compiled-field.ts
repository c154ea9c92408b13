import type { Api, ApiObject, CheckContext, Field } from "./field";
import { checkMarks } from "./marks";
import type { JobProblem, Place } from "./place";
import { holds } from "./versions";

// What is faster, and harder to read, than `encode`, `decode` and `check` of a field stands in this file alone; the walks over blocks read without it. It halves the
// time in which the blocks of jobs that were read are checked, and saves a quarter of rendering them (150 real jobs, Node 20).

/**
 * A field as the walks over blocks want it: all of one shape, since they look at hundreds of kinds, and with what they need not do for it, since the field already
 * tells what would come of it.
 */
export interface CompiledField {
  readonly name: string;
  readonly field: Field;
  /** Its place among the fields of its block, which is the place of its value. */
  readonly index: number;
  /** The first API key that it owns. */
  readonly api: string;
  readonly coerce: Field["coerce"];
  readonly encode: Field["encode"];
  readonly decode: Field["decode"];
  readonly fault: Field["fault"];
  readonly check: Field["check"];
  /** Whether a value that was read from JSON is its own JSON. */
  readonly isOwnJson: boolean;
  /** Whether there is nothing to say of a value that was read from JSON. */
  readonly isFaultless: boolean;
  /** Whether some Nomad does not take the field: only then its marks are looked at. */
  readonly isMarked: boolean;
  /** Reads the value of the field's one key, where there is nothing to say of it; undefined where `decode` must look. */
  readonly take: ((found: Api) => unknown) | undefined;
}

/** Works out what the walks want to know of a field. */
export function compiled(name: string, field: Field, index: number): CompiledField {
  const { coerce, encode, decode, fault, check, codec, judge, options } = field;
  const isMarked =
    options.enterprise !== undefined ||
    options.since !== undefined ||
    options.until !== undefined ||
    options.deprecated !== undefined;
  const isOwnJson = codec?.plain ?? false;
  const isJudged = judge !== undefined && options.judgedByRule !== true;
  return {
    name,
    field,
    index,
    api: field.api[0] as string,
    coerce,
    encode,
    decode,
    fault,
    check,
    isOwnJson,
    isFaultless: isOwnJson && !isJudged && !isMarked,
    isMarked,
    take: codec && ((found) => (isHalfAPair(found) ? undefined : codec.fromJson(found))),
  };
}

/** Writes a value into the JSON of its block, as `encode` does. */
export function encodeValue(field: CompiledField, value: unknown, wasRead: boolean, out: ApiObject): void {
  if (wasRead && field.isOwnJson) out[field.api] = value;
  else field.encode(value, out);
}

/** Reads the value that stands under a field's key, as `decode` does. */
export function decodeValue(field: CompiledField, found: Api, json: ApiObject, at: Place): unknown {
  return field.take?.(found) ?? field.decode(json, at.property(field.name));
}

/** Reports what is wrong with a value, as `check` does, and what its marks mean to the Nomad that the job is for. */
export function checkValue(
  field: CompiledField,
  value: unknown,
  wasRead: boolean,
  hcl: string,
  at: Place,
  context: CheckContext,
): void {
  if (wasRead && field.isFaultless) return;
  // A Nomad of before the field ignores whatever stands there.
  if (wasRead && field.isMarked && !isThere(field, context))
    return checkMarks(field.field, field.name, value, hcl, at, context);
  // A place costs more than a look at a plain value; it is made where there is something to say.
  if (field.fault) {
    const fault = field.fault(value);
    if (fault) at.property(field.name).report(fault);
  } else {
    field.check(value, at.property(field.name), context);
  }
  if (field.isMarked) checkMarks(field.field, field.name, value, hcl, at, context);
}

/** Whether the Nomad that a job is for has the field yet. */
function isThere({ field: { options } }: CompiledField, { nomadVersion }: CheckContext): boolean {
  return holds(nomadVersion, { since: options.since });
}

/** That what stands under the keys of a field is of another kind than the field's. */
export const UNREAD = Symbol("unread");

/**
 * Reads the value of a field that came with some release, as {@link decodeValue} does. What is of another kind is no fault yet: a Nomad of before it
 * ignores whatever stands there.
 *
 * @returns the value, or UNREAD
 */
export function decodeNewer(field: CompiledField, found: Api, json: ApiObject, at: Place): unknown {
  const problems: JobProblem[] = [];
  const value = decodeValue(field, found, json, at.aside(problems));
  if (problems.length === 0) return value;
  const errors = problems.filter(({ severity }) => severity === "error");
  // What is too deep to be looked at is too deep to be kept.
  const isKept = errors.length > 0 && errors.every(({ rule }) => rule !== "import/depth");
  return isKept ? UNREAD : decodeValue(field, found, json, at);
}

/** Judges what stands under the keys of a field and could not be read: a Nomad that knows the field refuses it, another one ignores it. */
export function checkUnread(
  field: CompiledField,
  json: ApiObject,
  hcl: string,
  at: Place,
  context: CheckContext,
): void {
  if (isThere(field, context)) field.decode(json, at.property(field.name));
  else checkMarks(field.field, field.name, json[field.api], hcl, at, context);
}

/** Whether this is a text that is none in UTF-8, of which `decode` says so. */
function isHalfAPair(found: Api): boolean {
  return typeof found === "string" && !found.isWellFormed();
}
