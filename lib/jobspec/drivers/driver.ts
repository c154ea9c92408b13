import { ANY_MAP, Block, decodeBlock, isPlainObject, Place, UserError } from "../engine";
import type { ApiObject, CheckContext, Problem } from "../engine";
import { DockerConfig, type DockerProps } from "./docker";
import { ExecConfig, type ExecProps } from "./exec";
import { RawExecConfig, type RawExecProps } from "./raw-exec";

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
  ) {}

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

  /** Any other driver, with a configuration that nobody checks before the node does. */
  static custom(name: string, config?: Readonly<Record<string, unknown>>): Driver {
    return new Driver(name, config);
  }

  /**
   * @internal The configuration as the class of its driver, with the name of the constructor here that makes it; nothing where
   * the driver is not known, or where the class would render something else.
   */
  typed(): { readonly constructorName: string; readonly config: Block } | undefined {
    const known = KNOWN[this.name];
    if (!known) return undefined;
    const { constructorName, type } = known;
    if (this.config instanceof Block) return { constructorName, config: this.config };
    const problems: Problem[] = [];
    const config = decodeBlock(type as new (props: never) => Block, this.config ?? {}, Place.root(problems));
    if (!config || problems.length > 0) return undefined;
    const same = stable(config.toApi()) === stable(this.config ?? {});
    return same && this.config !== undefined ? { constructorName, config } : undefined;
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
      if (wrong !== undefined) at.error("field/type", wrong);
    }
  }
}

/** The drivers whose configuration is typed, with the constructor of {@link Driver} for each. */
const KNOWN: Readonly<Record<string, { readonly constructorName: string; readonly type: unknown }>> = {
  docker: { constructorName: "docker", type: DockerConfig },
  exec: { constructorName: "exec", type: ExecConfig },
  raw_exec: { constructorName: "rawExec", type: RawExecConfig },
};

/** JSON with its keys in order, to be compared. */
function stable(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    isPlainObject(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))) : item,
  );
}
