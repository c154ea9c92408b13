import { ANY_MAP, Block, UserError, type ApiObject, type CheckContext, type Place } from "../engine";
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
