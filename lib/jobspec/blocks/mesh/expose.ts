import { blockOf, blocks, int, text, type PropsOf } from "../../engine";

const pathFields = {
  /** The path. */
  path: text("Path", { required: true, lenient: true }),
  /** Its protocol, `http` or `http2`. @default - "http", as the proxy takes it */
  protocol: text("Protocol"),
  /** The port at which the service answers it. */
  localPathPort: int("LocalPathPort", { required: true, lenient: true }),
  /** The label of the port at which the proxy offers it. */
  listenerPort: text("ListenerPort", { required: true, lenient: true }),
};

/** Properties of {@link ExposePath}. */
export interface ExposePathProps extends PropsOf<typeof pathFields> {}

/**
 * One path that is reachable past the mesh.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/expose
 */
export class ExposePath extends blockOf({ api: "ConsulExposePath", hcl: "path" }, pathFields) {
  constructor(props: ExposePathProps) {
    super(props);
  }
}

const fields = {
  /** The paths. @default - none */
  paths: blocks("Paths", () => ExposePath, { hcl: "path" }),
  /** The older spelling of `paths`. @default - none */
  path: blocks("Path", () => ExposePath, { hcl: "", deprecated: "paths" }),
};

/** Properties of {@link Expose}. */
export interface ExposeProps extends PropsOf<typeof fields> {}

/**
 * Paths that are reachable past the mesh, such as for checks.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/expose
 */
export class Expose extends blockOf({ api: "ConsulExposeConfig", hcl: "expose" }, fields) {
  constructor(props: ExposeProps = {}) {
    super(props);
  }
}
