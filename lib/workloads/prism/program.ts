import { Driver } from "../../jobspec";
import { checkProps, FLAG, oneOfTexts, TEXT, TEXTS, type PropKinds } from "../../jobspec/host";

/** Where a program of Prism comes from. */
export type ProgramOrigin = "binary" | "image" | "stand-in";

/** Options of {@link Program.binary}. */
export interface BinaryOptions {
  /**
   * Whether it runs in a chroot with namespaces of its own.
   *
   * @default false
   */
  readonly isolated?: boolean;
}

/** Options of {@link Program.image}. */
export interface ImageOptions {
  /**
   * The program inside the image.
   *
   * @default - the image's own
   */
  readonly command?: string;
  /**
   * Paths as `host:container[:ro]`.
   *
   * @default - none
   */
  readonly volumes?: readonly string[];
  /**
   * An image with a shell, for the task that waits for another service.
   *
   * @default "busybox:1.37"
   */
  readonly shellImage?: string;
  /**
   * `host`: the container uses the node's network and listens on the very ports that are claimed, instead of having them mapped. So containers of
   * one machine reach each other where its Nomad knows itself by a loopback address, as the embedded one does.
   *
   * @default - Docker's own network, with the claimed ports mapped
   */
  readonly network?: "host";
}

const BINARY: PropKinds<BinaryOptions> = { isolated: FLAG };
const IMAGE: PropKinds<ImageOptions> = {
  command: TEXT,
  volumes: TEXTS,
  shellImage: TEXT,
  network: oneOfTexts("host"),
};

/** A program of Prism, and how it is run: as a process of the node, or in a container. */
export class Program {
  private constructor(
    /** Whether it is the program itself or a stand-in. */
    readonly origin: ProgramOrigin,
    /** Whether it answers grpc.health.v1. Prism's own admin does not; a `tcp` check takes the place of a `grpc` one. */
    readonly answersGrpcHealth: boolean,
    private readonly run: (args: readonly string[], ports: readonly string[]) => Driver,
    private readonly runShell: (script: string) => Driver,
  ) {}

  /**
   * A program of the node, run by raw_exec, or by exec where it is isolated.
   *
   * @param path its path; `${NOMAD_TASK_DIR}` and its kind are filled in on the node
   */
  static binary(path: string, options: BinaryOptions = {}): Program {
    checkProps(options, "Program.binary", BINARY);
    const make = options.isolated ? Driver.exec : Driver.rawExec;
    return new Program(
      "binary",
      false,
      (args) => make({ command: path, args }),
      (script) => make({ command: "/bin/sh", args: ["-c", script] }),
    );
  }

  /** A container. */
  static image(image: string, options: ImageOptions = {}): Program {
    checkProps(options, "Program.image", IMAGE);
    const { command, volumes, shellImage = "busybox:1.37", network } = options;
    const own = network === "host";
    return new Program(
      "image",
      true,
      (args, ports) =>
        Driver.docker({
          image,
          command,
          args,
          ...(ports.length > 0 && !own ? { ports } : {}),
          volumes,
          networkMode: network,
        }),
      (script) => Driver.docker({ image: shellImage, command: "/bin/sh", args: ["-c", script] }),
    );
  }

  /**
   * A program of this library that takes the place of one of Prism's, and says so in its log. It speaks the same
   * protocols, so that every check of it is a real one.
   *
   * @param command what to run, and its first arguments
   */
  static standIn(command: readonly [string, ...string[]]): Program {
    const [file, ...first] = command;
    return new Program(
      "stand-in",
      true,
      (args) => Driver.rawExec({ command: file, args: [...first, ...args] }),
      (script) => Driver.rawExec({ command: "/bin/sh", args: ["-c", script] }),
    );
  }

  /** The driver that runs it with these arguments, with the group's ports of these labels. */
  driver(args: readonly string[], ports: readonly string[] = []): Driver {
    return this.run(args, ports);
  }

  /** A driver of the same kind that runs a line of shell. */
  shell(script: string): Driver {
    return this.runShell(script);
  }
}
