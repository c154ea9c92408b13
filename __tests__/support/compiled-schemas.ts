import { createRequire } from "node:module";
import type { FastifyServerOptions } from "fastify";

type SchemaController = NonNullable<FastifyServerOptions["schemaController"]>;
type Factories = Required<NonNullable<SchemaController["compilersFactory"]>>;
type Factory = (...settings: readonly unknown[]) => Compiler;
type Compiler = (route: { readonly schema: unknown }) => unknown;

// Fastify's own compilers, of the release that it uses.
const ofFastify = createRequire(require.resolve("fastify"));
const factoryOf = (name: string) => (ofFastify(name) as () => Factory)();

/** What a factory makes, but each function once: of the same schema under the same settings it is the same. */
function remembering(factory: Factory): Factory {
  const made = new Map<string, unknown>();
  return (...settings) => {
    const compile = factory(...settings);
    const prefix = JSON.stringify(settings);
    return (route) => {
      const key = `${prefix} ${JSON.stringify(route.schema)}`;
      if (!made.has(key)) made.set(key, compile(route));
      return made.get(key);
    };
  };
}

/** Fastify's compilers for a file of tests that makes many services: most of the time of one that answers a request or two is for its schemas. */
export const compiledSchemas: SchemaController = {
  compilersFactory: {
    buildValidator: remembering(factoryOf("@fastify/ajv-compiler")) as Factories["buildValidator"],
    buildSerializer: remembering(factoryOf("@fastify/fast-json-stringify-compiler")) as Factories["buildSerializer"],
  },
};
