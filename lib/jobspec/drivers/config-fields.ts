import { anyMap, block, text, textMap, texts, type Block, type Field, type FieldOptions } from "../engine";

/**
 * In a driver's configuration HCL blocks stand as lists of objects, also where there is only one: that is how
 * Nomad's parser hands them over, and how the drivers read them.
 */
function inList<In, Out>(inner: Field<In, Out, boolean>): Field<In, Out, false> {
  const [api] = inner.api as readonly [string];
  return {
    ...inner,
    required: false,
    encode(value, out) {
      inner.encode(value, out);
      out[api] = [out[api]];
    },
    decode(json, at) {
      const found = json[api];
      return inner.decode(Array.isArray(found) && found.length === 1 ? { [api]: found[0] as unknown } : json, at);
    },
  };
}

/** A nested block of a driver's configuration, of which there is one at most. */
export function configBlock<C extends new (props: never) => Block>(
  api: string,
  type: () => C,
  options: FieldOptions = {},
) {
  return inList(block(api, type, options));
}

/** A map in a driver's configuration. */
export function configMap(api: string, options: FieldOptions = {}) {
  return inList(textMap(api, options));
}

/** A map of numbers in a driver's configuration. */
export function configNumbers(api: string, options: FieldOptions = {}) {
  return inList(anyMap(api, options) as Field<Readonly<Record<string, number>>>);
}

/** One text or a list of texts, as a driver takes either. */
export function textOrTexts(api: string, options: FieldOptions = {}): Field<string | readonly string[]> {
  const [one, many] = [text(api, options), texts(api, options)];
  const fieldFor = (value: string | readonly string[]) =>
    (typeof value === "string" ? one : many) as Field<string | readonly string[]>;
  return {
    ...(many as Field<string | readonly string[]>),
    required: false,
    fault: (value) => fieldFor(value).fault?.(value),
    check: (value, at, context) => fieldFor(value).check(value, at, context),
    encode: (value, out) => fieldFor(value).encode(value, out),
    decode: (json, at) => (typeof json[api] === "string" ? one : many).decode(json, at),
  };
}
