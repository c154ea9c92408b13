import { ANY_MAP, Block, decodeBlock, frozen, isPlainObject, Place, UserError } from "../engine";
import type { ApiObject, CheckContext, Problem } from "../engine";
import { ContainerdConfig, type ContainerdProps } from "./containerd";
import { DockerConfig, type DockerProps } from "./docker";
import { ExecConfig, type ExecProps } from "./exec";
import { Exec2Config, type Exec2Props } from "./exec2";
import { FirecrackerConfig, type FirecrackerProps } from "./firecracker";
import { JavaConfig, type JavaProps } from "./java";
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
   * @internal The configuration as the class of its driver, with the name of the constructor here that makes it; nothing where
   * the driver is not known, or where the class would render something else.
   */
  typed(): { readonly constructorName: string; readonly config: Block } | undefined {
    const known = Object.hasOwn(KNOWN, this.name) ? KNOWN[this.name] : undefined;
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
  java: { constructorName: "java", type: JavaConfig },
  qemu: { constructorName: "qemu", type: QemuConfig },
  podman: { constructorName: "podman", type: PodmanConfig },
  exec2: { constructorName: "exec2", type: Exec2Config },
  pledge: { constructorName: "pledge", type: PledgeConfig },
  "firecracker-task-driver": { constructorName: "firecracker", type: FirecrackerConfig },
  "containerd-driver": { constructorName: "containerd", type: ContainerdConfig },
  Singularity: { constructorName: "singularity", type: SingularityConfig },
};

/** JSON with its keys in order, to be compared. */
function stable(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    isPlainObject(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))) : item,
  );
}
