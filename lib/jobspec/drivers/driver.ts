import { ANY_MAP, Block, decodeBlock, define, definitionOf, frozen, isPlainObject, Place, UserError } from "../engine";
import type { ApiObject, CheckContext, JobProblem } from "../engine";
import { ContainerdConfig, type ContainerdProps } from "./containerd";
import { DockerConfig, type DockerProps } from "./docker";
import { ExecConfig, type ExecProps } from "./exec";
import { Exec2Config, type Exec2Props } from "./exec2";
import { FirecrackerConfig, type FirecrackerProps } from "./firecracker";
import { JavaConfig, type JavaProps } from "./java";
import { unknownOptions, type UnknownOption } from "./options";
import { PledgeConfig, type PledgeProps } from "./pledge";
import { PodmanConfig, type PodmanProps } from "./podman";
import { QemuConfig, type QemuProps } from "./qemu";
import { RawExecConfig, type RawExecProps } from "./raw-exec";
import { SingularityConfig, type SingularityProps } from "./singularity";

/**
 * What runs a task, with its configuration.
 *
 * @see https://developer.hashicorp.com/nomad/docs/drivers
 */
export class Driver {
  private constructor(
    /** Its name, such as `docker`. */
    readonly name: string,
    /** Its configuration: typed where the driver is known here. */
    readonly config: Block | Readonly<Record<string, unknown>> | undefined,
  ) {
    Object.freeze(this);
  }

  /** A container. */
  static docker(props: DockerProps): Driver {
    return new Driver("docker", new DockerConfig(props));
  }

  /** A program in a chroot, with namespaces and cgroups of its own. */
  static exec(props: ExecProps): Driver {
    return new Driver("exec", new ExecConfig(props));
  }

  /** A program of the node, run as it is. */
  static rawExec(props: RawExecProps): Driver {
    return new Driver("raw_exec", new RawExecConfig(props));
  }

  /** A program on a Java virtual machine. */
  static java(props: JavaProps): Driver {
    return new Driver("java", new JavaConfig(props));
  }

  /** A virtual machine. */
  static qemu(props: QemuProps): Driver {
    return new Driver("qemu", new QemuConfig(props));
  }

  /** A container without a daemon. */
  static podman(props: PodmanProps): Driver {
    return new Driver("podman", new PodmanConfig(props));
  }

  /** A program of the node that sees only the paths which are unveiled to it. */
  static exec2(props: Exec2Props): Driver {
    return new Driver("exec2", new Exec2Config(props));
  }

  /** A program that is held to promises. */
  static pledge(props: PledgeProps): Driver {
    return new Driver("pledge", new PledgeConfig(props));
  }

  /** A small virtual machine of Firecracker. */
  static firecracker(props: FirecrackerProps): Driver {
    return new Driver("firecracker-task-driver", new FirecrackerConfig(props));
  }

  /** A container of containerd. */
  static containerd(props: ContainerdProps): Driver {
    return new Driver("containerd-driver", new ContainerdConfig(props));
  }

  /** A container of Singularity or Apptainer. */
  static singularity(props: SingularityProps): Driver {
    return new Driver("Singularity", new SingularityConfig(props));
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
    const known = knownDriver(this.name);
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

  /** Reports what is wrong with it. */
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
    const known = knownDriver(this.name);
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

type ConfigClass = abstract new (...args: never[]) => Block;

interface Known {
  readonly constructorName: string;
  readonly type: ConfigClass;
}

/** Whether the configuration of a driver is typed here. */
export function isKnownDriver(name: string): name is KnownDriver {
  return Object.hasOwn(KNOWN, name);
}

function knownDriver(name: string): Known | undefined {
  return isKnownDriver(name) ? KNOWN[name] : undefined;
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
  const block = decodeBlock(type as new (props: never) => Block, json, Place.root(problems));
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

/** The drivers whose configuration is typed, with the constructor of {@link Driver} for each. */
const KNOWN = {
  docker: { constructorName: "docker", type: DockerConfig },
  exec: { constructorName: "exec", type: ExecConfig },
  raw_exec: { constructorName: "rawExec", type: RawExecConfig },
  java: { constructorName: "java", type: JavaConfig },
  qemu: { constructorName: "qemu", type: QemuConfig },
  podman: { constructorName: "podman", type: PodmanConfig },
  exec2: { constructorName: "exec2", type: Exec2Config },
  pledge: { constructorName: "pledge", type: PledgeConfig },
  "firecracker-task-driver": { constructorName: "firecracker", type: FirecrackerConfig },
  "containerd-driver": { constructorName: "containerd", type: ContainerdConfig },
  Singularity: { constructorName: "singularity", type: SingularityConfig },
} as const satisfies Readonly<Record<string, Known>>;

/** The name of a driver whose configuration is typed here. */
export type KnownDriver = keyof typeof KNOWN;

/** JSON with its keys in order, to be compared. */
function stable(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    isPlainObject(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))) : item,
  );
}
