import {
  anyMap,
  block,
  describe,
  isKnown,
  isPlainObject,
  text,
  textMap,
  texts,
  type Block,
  type Field,
  type FieldOptions,
} from "../engine";

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

/** A whole number, as a number or as a text. */
export type Numeral = number | `${number}`;

/** A map of whole numbers in a driver's configuration, each as a number or as a text: the driver takes either. */
export function configNumbers(api: string, options: FieldOptions = {}) {
  const inner = anyMap(api, options) as Field<Readonly<Record<string, Numeral>>>;
  return inList<Readonly<Record<string, Numeral>>, Readonly<Record<string, Numeral>>>({
    ...inner,
    check(value: Readonly<Record<string, Numeral>>, at, context) {
      inner.check(value, at, context);
      for (const [key, item] of isPlainObject(value) ? Object.entries(value) : [])
        if (!isNumeral(item)) at.element(key).error("field/type", `expected a whole number, found ${describe(item)}`);
    },
    fault: undefined,
    decode(json, at) {
      const found = inner.decode(json, at);
      if (found === undefined || Object.values(found).every(isNumeral)) return found;
      at.error("import/type", "expected a map of whole numbers");
      return undefined;
    },
  });
}

function isNumeral(value: unknown): boolean {
  return !isKnown(value) || Number.isInteger(value) || (typeof value === "string" && /^\d{1,9}$/.test(value));
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
