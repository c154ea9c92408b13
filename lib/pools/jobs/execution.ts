import { Driver, type DockerProps } from "../../jobspec";
import { OBJECT, objectBy, oneOfTexts, required, TEXT } from "../../jobspec/host";

/** How a task of Polydev is run: in a container, or as a process of the node. */
export type Execution =
  | {
      readonly kind: "docker";
      /** Default: the workload's own image. */
      readonly image?: string;
      /** Further settings of the container. */
      readonly settings?: Partial<DockerProps>;
    }
  | { readonly kind: "exec" }
  | { readonly kind: "raw_exec" };

/** The drivers that may be written. */
export const DRIVERS = ["docker", "exec", "raw_exec"] as const satisfies readonly Execution["kind"][];

/** The kind of a property of an {@link Execution}: an image is for containers alone. */
export const EXECUTION = objectBy(({ kind }) => ({
  kind: required(oneOfTexts(...DRIVERS)),
  ...(kind === "exec" || kind === "raw_exec" ? {} : { image: TEXT, settings: OBJECT }),
}));

/** How a task is run by default: in a container. */
export const IN_DOCKER: Execution = { kind: "docker" };

/** JSON files on the node, rotated. */
const ROTATED = { type: "json-file", config: { "max-size": "10m", "max-file": "3" } };

/** The driver that runs a program with its arguments. */
export function driverOf(execution: Execution, image: string, command: readonly [string, ...string[]]): Driver {
  const [program, ...args] = command;
  if (execution.kind === "exec") return Driver.exec({ command: program, args });
  if (execution.kind === "raw_exec") return Driver.rawExec({ command: program, args });
  return Driver.docker({
    image: execution.image ?? image,
    command: program,
    args,
    forcePull: false,
    init: true,
    logging: ROTATED,
    ...execution.settings,
  });
}
