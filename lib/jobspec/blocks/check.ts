import { block, blockOf, bool, int, oneOf, text, texts, textsMap, type PropsOf } from "../engine";
import { Duration, duration } from "../units";
import { CheckRestart } from "./check-restart";

const fields = {
  /**
   * Its name.
   *
   * @default - made of the service's name
   */
  name: text("Name"),
  /** What it does: a request over HTTP or gRPC, a connection over TCP, or a program in the task. `grpc` and `script` need the Consul provider. */
  type: oneOf("Type", ["http", "tcp", "grpc", "script"], { required: true, empty: false, anyCase: true }),
  /**
   * Time between two runs of the check, one second at least.
   *
   * @default - must be given
   */
  interval: duration("Interval", { min: Duration.seconds(1), required: true }),
  /**
   * How long one run may take, one second at least.
   *
   * @default - must be given
   */
  timeout: duration("Timeout", { min: Duration.seconds(1), required: true }),
  /**
   * The label of the port that it connects to.
   *
   * @default - the service's port
   */
  port: text("PortLabel"),
  /**
   * Path of an http check.
   *
   * @default - must be given for http
   */
  path: text("Path"),
  /**
   * `http` or `https`.
   *
   * @default - "http", as the checker takes it
   */
  protocol: text("Protocol"),
  /**
   * Method of an http check.
   *
   * @default - "GET", as the checker takes it
   */
  method: text("Method"),
  /**
   * Headers of an http check.
   *
   * @default - none
   */
  headers: textsMap("Header", { hcl: "header" }),
  /**
   * Body of an http check.
   *
   * @default - none
   */
  body: text("Body"),
  /**
   * The service that a grpc check asks for.
   *
   * @default - the server as a whole
   */
  grpcService: text("GRPCService", { hcl: "grpc_service" }),
  /**
   * Whether a grpc check uses TLS.
   *
   * @default false
   */
  grpcUseTls: bool("GRPCUseTLS", { hcl: "grpc_use_tls" }),
  /**
   * The program of a script check, run inside the task.
   *
   * @default - must be given for script
   */
  command: text("Command"),
  /**
   * Its arguments.
   *
   * @default - none
   */
  args: texts("Args"),
  /**
   * The task in which a script check of a group's service runs.
   *
   * @default - the service's task
   */
  task: text("TaskName"),
  /**
   * Whether certificates are not verified.
   *
   * @default false
   */
  tlsSkipVerify: bool("TLSSkipVerify", { hcl: "tls_skip_verify" }),
  /**
   * The name expected in the certificate.
   *
   * @default - none
   */
  tlsServerName: text("TLSServerName", { hcl: "tls_server_name" }),
  /**
   * Which address it connects to: the node's, the driver's or the allocation's.
   *
   * @default - "host", as the checker takes it
   */
  addressMode: oneOf("AddressMode", ["host", "driver", "alloc", "alloc_ipv6"]),
  /**
   * An address that job files may name, and that no server keeps: it changes nothing.
   *
   * @default - none
   */
  advertise: text("Advertise"),
  /**
   * Status until it has run for the first time.
   *
   * @default - "critical", as the checker takes it
   */
  initialStatus: oneOf("InitialStatus", ["passing", "warning", "critical"]),
  /**
   * Runs that must pass in a row before the check counts as passing.
   *
   * @default 0
   */
  successBeforePassing: int("SuccessBeforePassing", { min: 0, lenient: true }),
  /**
   * Runs that must fail in a row before the check counts as critical.
   *
   * @default 0
   */
  failuresBeforeCritical: int("FailuresBeforeCritical", { min: 0, lenient: true }),
  /**
   * Runs that must fail in a row before the check counts as a warning.
   *
   * @default 0
   */
  failuresBeforeWarning: int("FailuresBeforeWarning", { min: 0, lenient: true }),
  /**
   * What a failing check means to a deployment.
   *
   * @default "require_healthy"
   */
  onUpdate: oneOf("OnUpdate", ["require_healthy", "ignore_warnings", "ignore"], {
    inherited: true,
    default: "require_healthy",
  }),
  /**
   * Restarts the task when it keeps failing.
   *
   * @default - the service's
   */
  checkRestart: block("CheckRestart", () => CheckRestart),
  /**
   * Whether an Envoy listener is made for it past the mesh.
   *
   * @default false
   */
  expose: bool("Expose"),
  /**
   * A note for people, 255 characters at most.
   *
   * @default - none
   */
  notes: text("Notes", { since: "1.9" }),
};

/** Properties of {@link Check}. */
export interface CheckProps extends PropsOf<typeof fields> {}

/** What every kind of check may be given. */
type CommonCheckProps = Omit<CheckProps, "type" | "interval" | "timeout"> &
  Partial<Pick<CheckProps, "interval" | "timeout">>;

/** Consul's own usual figures, used by the named constructors. */
const USUAL = { interval: Duration.seconds(10), timeout: Duration.seconds(2) };

/**
 * A health check of a service. The named constructors run it every 10 s and give each run 2 s, unless other times
 * are given.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/check
 */
export class Check extends blockOf({ api: "ServiceCheck", hcl: "check", key: "name" }, fields) {
  constructor(props: CheckProps) {
    super(props);
  }

  /** Passes where a GET of the path answers 2xx. */
  static http(props: CommonCheckProps & { readonly path: string }): Check {
    return new Check({ type: "http", ...USUAL, ...props });
  }

  /** Passes where the port takes a connection. */
  static tcp(props: CommonCheckProps = {}): Check {
    return new Check({ type: "tcp", ...USUAL, ...props });
  }

  /** Passes where grpc.health.v1 answers SERVING. For the Consul provider. */
  static grpc(props: CommonCheckProps = {}): Check {
    return new Check({ type: "grpc", ...USUAL, ...props });
  }

  /** Passes where a program inside the task exits with 0; 1 is a warning. For the Consul provider. */
  static script(props: CommonCheckProps & { readonly command: string }): Check {
    return new Check({ type: "script", ...USUAL, ...props });
  }
}
