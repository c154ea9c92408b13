import * as v from "valibot";
import { byName, emptyByName } from "../../reading";

/**
 * Parts of answers, named by what Go's encoder makes of them. What a Go struct always writes is required: a status or a count that is not
 * there is never taken for a good one. Slices, maps, pointers and times are `null` where nothing is in them, and everything marked
 * `omitempty` is left out: those are read as empty, as Go itself reads them.
 */

/** A string that is always written. */
export const text = v.string();

/** An empty body. */
export const nothing = v.undefined();

/** A string that may be left out; read as "". */
export const optionalText = v.nullish(v.string(), "");

/** A number that is always written. Go's are whole and have 64 bits, so that each, taken for nanoseconds, is a date of JavaScript too. */
export const number = v.pipe(v.number(), v.integer(), v.minValue(-(2 ** 63)), v.maxValue(2 ** 64));

/** A number that may be left out; read as 0. */
export const optionalNumber = v.nullish(number, 0);

/** How many there are of something; always written. Fewer than none is no answer, and nothing that is compared with it would be true. */
export const count = v.pipe(number, v.minValue(0));

/** How many there are of something; read as 0 where it is left out. */
export const optionalCount = v.nullish(count, 0);

/** A bool that may be left out; read as false. */
export const flag = v.nullish(v.boolean(), false);

/** An ISO 8601 time; null where there is none. Go writes its zero time either as null or as the year 1. */
export const time = v.nullish(
  v.pipe(
    v.string(),
    v.transform((value) => (value === "" || value.startsWith("0001-") ? null : value)),
  ),
  null,
);

/** One of the words that are known, which an editor proposes, or any other. */
export type Word<Known extends string> = Known | (string & Record<never, never>);

/** A word such as a status. Newer servers may write words that are not known here: they are kept as they are. */
export function word<Known extends string>(): v.GenericSchema<string, Word<Known>> {
  return v.string();
}

type AnySchema = v.GenericSchema<unknown>;

/** A struct. (To valibot alone a list is an object too, and one without any of the keys that are required of it.) */
export function object<const Entries extends v.ObjectEntries>(entries: Entries): v.ObjectSchema<Entries, undefined> {
  const schema = v.object(entries);
  return {
    ...schema,
    "~run"(dataset, config) {
      if (!Array.isArray(dataset.value)) return schema["~run"](dataset, config);
      v._addIssue(schema, "type", dataset, config);
      // The line before has made it one, which its type does not say.
      return dataset as unknown as v.FailureDataset<v.ObjectIssue>;
    },
  };
}

/** A pointer: null where it points nowhere. */
export function pointer<S extends AnySchema>(of: S) {
  return v.nullish(of, null);
}

/** A slice; read as empty where it is null. */
export function list<S extends AnySchema>(of: S) {
  return v.nullish(v.array(of), () => []);
}

/** A list in which whoever answers is itself, so that one without anything is nobody's answer. */
export const ownAndOthers = v.pipe(v.array(text), v.minLength(1));

/** A slice whose name is always written: of an answer that has nothing else which must be there. Read as empty where it is null. */
export function writtenList<S extends AnySchema>(of: S) {
  return v.nullable(v.array(of), () => []);
}

/** A map; read as empty where it is null. */
export function mapOf<S extends AnySchema>(of: S) {
  return v.nullish(byName(of), () => emptyByName<v.InferOutput<S>>());
}

/** Texts by names that people chose, handed on as they are written, with the job that they stand in. */
export const texts = v.pipe(
  v.custom<Readonly<Record<string, string>>>(isMap),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const { value: input } = dataset;
    const wrong = Object.entries(input).find(([, value]) => typeof value !== "string");
    if (!wrong) return;
    const [key, value] = wrong;
    addIssue({
      message: "Invalid type: Expected string",
      expected: "string",
      input: value,
      path: [{ type: "unknown", origin: "value", input, key, value }],
    });
  }),
);

function isMap(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
