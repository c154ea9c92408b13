import { block, textMap, type Block, type Field, type FieldOptions } from "../engine";

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
