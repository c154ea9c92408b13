import { UserError } from "../../errors";
import { ANY_MAP, Block, decodeBlock, define, definitionOf, frozen, isPlainObject, Place } from "../engine";
import type { ApiNameOf, ApiObject, CheckContext, JobProblem } from "../engine";
import { configurations } from "./configurations";
import { unknownOptions, type UnknownOption } from "./options";

type Configurations = typeof configurations;

/** A constructor for each driver that is known here. */
type NamedConstructors = {
  readonly [K in keyof Configurations]: (...props: ConstructorParameters<Configurations[K]>) => Driver;
};

const Named = class {} as unknown as (abstract new () => object) & NamedConstructors;

type ConfigClass = new (props: never) => Block;

/** A driver whose configuration is typed here. */
interface Known {
  readonly name: string;
  /** The constructor of {@link Driver} that makes it. */
  readonly constructorName: string;
  readonly type: ConfigClass;
}

/** The drivers whose configuration is typed here. */
export const KNOWN_DRIVERS: readonly Known[] = Object.entries(configurations).map(([constructorName, type]) => ({
  name: definitionOf(type).api,
  constructorName,
  type,
}));

const BY_NAME: ReadonlyMap<string, Known> = new Map(KNOWN_DRIVERS.map((known) => [known.name, known]));

/** The name of a driver whose configuration is typed here. */
export type KnownDriver = ApiNameOf<Configurations[keyof Configurations]>;

/**
 * What runs a task, with its configuration: `Driver.docker({ image: "web:1" })`. There is a constructor for each driver that is known here.
 *
 * @see https://developer.hashicorp.com/nomad/docs/drivers
 */
export class Driver extends Named {
  static {
    for (const { name, constructorName, type } of KNOWN_DRIVERS)
      Object.defineProperty(this, constructorName, { value: (props: never) => new Driver(name, new type(props)) });
  }

  private constructor(
    /** Its name, such as `docker`. */
    readonly name: string,
    /** Its configuration: typed where the driver is known here. */
    readonly config: Block | Readonly<Record<string, unknown>> | undefined,
  ) {
    super();
    Object.freeze(this);
  }

  /** Any other driver, with a configuration that nobody checks before the node does. */
  static custom(name: string, config?: Readonly<Record<string, unknown>>): Driver {
    return new Driver(name, frozen(config) as Readonly<Record<string, unknown>> | undefined);
  }

  /**
   * A driver that is known here, without any configuration: Nomad's server takes such a task, and the node refuses it where its driver requires
   * something, as docker requires an image.
   */
  static withoutConfig(name: KnownDriver): Driver {
    return new Driver(name, undefined);
  }

  /**
   * @internal The configuration as the class of its driver, with the name of the constructor here that makes it; nothing where the driver is not
   * known, where it has no configuration, or where what its class requires is missing.
   */
  typed(): TypedDriver | undefined {
    const known = BY_NAME.get(this.name);
    if (!known || this.config === undefined) return undefined;
    const { constructorName } = known;
    if (this.config instanceof Block) return { constructorName, config: this.config, rest: {} };
    const { typed, rest } = readConfig(known, this.config);
    return typed && { constructorName, config: typed, rest };
  }

  /** Its configuration as API JSON. */
  toApi(): ApiObject | undefined {
    if (this.config === undefined) return undefined;
    if (this.config instanceof Block) return this.config.toApi();
    const wrong = ANY_MAP.wrong(this.config);
    if (wrong !== undefined) throw UserError.at("driver", wrong, "field/type");
    return ANY_MAP.toJson(this.config) as ApiObject;
  }

  /** @internal Reports what is wrong with it. */
  check(at: Place, context: CheckContext): void {
    if (this.name === "") at.error("task/driver", 'has no name; write one, such as Driver.rawExec({ command: "…" })');
    if (this.config instanceof Block) this.config.checkBlock(at, context);
    else if (this.config !== undefined) {
      const wrong = ANY_MAP.wrong(this.config);
      if (wrong !== undefined) return at.error("field/type", wrong);
    }
    this.checkOptions(at);
  }

  /** @internal Reports the options that the driver does not have. */
  checkOptions(at: Place): void {
    for (const { steps, message } of this.unknownOptions())
      steps
        .reduce((place, step) => place.property(step), at)
        .warning("driver/option", `${this.name} ${message}, and the node refuses the task`);
  }

  /** @internal Options that the driver does not have: a server takes them, and the node then refuses the task. */
  unknownOptions(): readonly UnknownOption[] {
    const known = BY_NAME.get(this.name);
    const config = this.config instanceof Block ? this.config.overridden() : this.config;
    return known && config ? unknownOptions(definitionOf(known.type), config) : [];
  }
}

/** @internal A driver's configuration as the class of the driver, and what that class cannot say of it. */
export interface TypedDriver {
  readonly constructorName: string;
  readonly config: Block;
  /** Options that the class does not have, or has in another form. */
  readonly rest: Readonly<ApiObject>;
}

/** Whether the configuration of a driver is typed here. */
export function isKnownDriver(name: string): name is KnownDriver {
  return BY_NAME.has(name);
}

/** Reads a configuration into its class, option by option: each that would not be written as it was read stays as it is. */
function readConfig({ type }: Known, config: Readonly<ApiObject>) {
  const { owned } = definitionOf(type);
  const rest: ApiObject = {};
  const taken: ApiObject = {};
  for (const [key, value] of Object.entries(config)) {
    if (value === null || value === undefined) continue;
    const known = owned.has(key) ? decoded(type, { [key]: value }) : undefined;
    const inner = known && (known as unknown as ApiObject)[owned.get(key)?.name ?? ""];
    const isSame = known !== undefined && !missesRequired(inner) && stable(known.toApi()) === stable({ [key]: value });
    define(isSame ? taken : rest, key, value);
  }
  const typed = decoded(type, taken);
  return { typed: typed && !missesOwn(typed) ? typed : undefined, rest };
}

function decoded(type: ConfigClass, json: ApiObject): Block | undefined {
  const problems: JobProblem[] = [];
  const block = decodeBlock(type, json, Place.root(problems));
  return problems.length > 0 ? undefined : block;
}

function missesOwn(block: Block): boolean {
  return definitionOf(block).list.some(
    ({ name, field }) => field.required && (block as unknown as ApiObject)[name] === undefined,
  );
}

/** Whether something is missing in the blocks of an option that TypeScript requires. */
function missesRequired(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(missesRequired);
  if (!(value instanceof Block)) return false;
  const inner = definitionOf(value).list.map(({ name }) => (value as unknown as ApiObject)[name]);
  return missesOwn(value) || inner.some(missesRequired);
}

/** JSON with its keys in order, to be compared. */
function stable(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    isPlainObject(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))) : item,
  );
}
