import * as v from "valibot";

/** What was read of an answer, or why it cannot be read: never with a value out of it, which may be secret. */
export type ReadSandboxAnswer<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

/** Reads an answer of a sandbox's server through its schema. A sandbox runs the commands of strangers: it is believed nothing else. */
export function readSandboxAnswer<S extends v.GenericSchema<unknown>>(
  schema: S,
  text: string,
): ReadSandboxAnswer<v.InferOutput<S>> {
  let json: unknown;
  try {
    json = JSON.parse(text) as unknown;
  } catch {
    return { ok: false, reason: "it is no JSON" };
  }
  try {
    const result = v.safeParse(schema, json, { abortEarly: true });
    if (result.success) return { ok: true, value: result.output };
    const place = v.getDotPath(result.issues[0]);
    return { ok: false, reason: place === null ? "it has another form" : `${place} is not what belongs there` };
  } catch (error) {
    // The stack is the limit for what is nested in itself.
    if (error instanceof RangeError) return { ok: false, reason: "it is nested too deeply" };
    throw error;
  }
}
