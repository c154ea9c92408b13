import * as v from "valibot";

type AnySchema = v.GenericSchema<unknown>;
type Named<T> = Readonly<Record<string, T>>;

/** One thing that is wrong is enough to say. */
const FIRST_ISSUE = { abortEarly: true };

/**
 * Values by names that people chose, `constructor` and `__proto__` among them, which a record of valibot passes over without a word. So what is read has no
 * prototype.
 *
 * @param of what each value is
 * @param named what each name is. Default: any text
 */
export function byName<S extends AnySchema>(of: S, named: v.GenericSchema<string> = v.string()) {
  return v.pipe(
    v.custom<Named<unknown>>(isNamed),
    v.rawTransform<Named<unknown>, Named<v.InferOutput<S>>>(({ dataset: { value: input }, addIssue, NEVER }) => {
      const read = emptyByName<v.InferOutput<S>>();
      for (const key of Object.keys(input)) {
        const value = input[key];
        const dataset = of["~run"]({ value }, FIRST_ISSUE);
        const [issue] = named["~run"]({ value: key }, FIRST_ISSUE).issues ?? dataset.issues ?? [];
        if (issue) {
          const { message, expected, received, input: found, path = [] } = issue;
          const step = { type: "unknown", origin: "value", input, key, value } as const;
          addIssue({ message, expected: expected ?? undefined, received, input: found, path: [step, ...path] });
          return NEVER;
        }
        read[key] = dataset.value as v.InferOutput<S>;
      }
      return read;
    }),
  );
}

/** None of them. */
export function emptyByName<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>;
}

function isNamed(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
