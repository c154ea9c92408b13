import { blockOf, oneOf, texts, type PropsOf } from "../engine";

const fields = {
  /** How near its cores must be: `require` or `prefer` one node of memory, or `none`. @default "none" */
  affinity: oneOf("Affinity", ["none", "prefer", "require"], { default: "none" }),
  /** Devices, by their names, that must be near too. @default - none */
  devices: texts("Devices"),
};

/** Properties of {@link Numa}. */
export interface NumaProps extends PropsOf<typeof fields> {}

/**
 * How a task's reserved cores lie to each other and to its devices.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/numa
 */
export class Numa extends blockOf({ api: "NUMAResource", hcl: "numa" }, fields) {
  constructor(props: NumaProps = {}) {
    super(props);
  }
}
