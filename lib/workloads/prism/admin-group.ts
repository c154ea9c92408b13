import {
  Check,
  Cpu,
  Duration,
  Memory,
  Resources,
  Service,
  Task,
  TaskGroup,
  Template,
  type CheckProps,
  type Vault,
  type VaultProps,
} from "../../jobspec";
import { DATABASE_SECRET } from "../../job-parts";
import { ANYTHING, checkProps, NUMBER, objectOf, required, TEXT, type PropKinds } from "../../jobspec/host";
import {
  BINARIES,
  CHANNEL,
  configTemplates,
  GROUP_PROPS,
  LOGS,
  networkOf,
  originMeta,
  RESTART,
  type PrismGroupProps,
} from "./group-props";
import { Program } from "./program";

/** Ports of prism-admin. */
export interface AdminPorts {
  /**
   * The control plane.
   *
   * @default 8981
   */
  readonly grpc?: number;
  /**
   * The HTTP API. Claimed and told to the program only where it is set, as are the two below.
   *
   * @default - the program's own, 8980
   */
  readonly http?: number;
  /**
   * Metrics, in Prometheus' format. Its service in Consul says where they are, by the tag `prometheus` and its metadata.
   *
   * @default - the program's own, 9090, which is claimed where the program runs in a container
   */
  readonly metrics?: number;
  /**
   * Raft.
   *
   * @default - the program's own, 8990
   */
  readonly raft?: number;
}

/** A password that Vault holds for the admin's database. */
export interface DatabaseSecret {
  /** How the task logs in to Vault. */
  readonly vault: Vault | VaultProps;
  /**
   * The secret's path.
   *
   * @default "secret/prism/admin"
   */
  readonly path?: string;
}

/** Properties of {@link AdminGroup}. */
export interface AdminGroupProps extends PrismGroupProps {
  /** The ports that it listens on. Default: as each of them says. */
  readonly ports?: AdminPorts;
  /**
   * How it is checked.
   *
   * @default - grpc every 10 s within 2 s; tcp, where the program does not answer grpc.health.v1
   */
  readonly check?: Check | CheckProps;
  /**
   * The database, as `sqlite://…` or `postgresql://…`.
   *
   * @default - the program's own
   */
  readonly database?: string;
  /**
   * Where it keeps its Raft data.
   *
   * @default - the program's own
   */
  readonly dataDir?: string;
  /**
   * The database's password, from Vault, as `DB_PASSWORD` in its environment.
   *
   * @default - none
   */
  readonly databaseSecret?: DatabaseSecret;
}

const KINDS: PropKinds<AdminGroupProps> = {
  ...GROUP_PROPS,
  ports: objectOf<AdminPorts>({ grpc: NUMBER, http: NUMBER, metrics: NUMBER, raft: NUMBER }),
  check: ANYTHING,
  database: TEXT,
  dataDir: TEXT,
  databaseSecret: objectOf<DatabaseSecret>({ vault: required(ANYTHING), path: TEXT }),
};

const DEFAULT_GRPC = 8981;
const DEFAULT_METRICS = 9090;

/** prism-admin: the control plane of Prism. */
export class AdminGroup extends TaskGroup {
  /** The name under which Consul knows it. */
  static readonly SERVICE = "prism-admin";

  constructor(props: AdminGroupProps = {}) {
    checkProps(props, "AdminGroup", KINDS);
    const program = props.program ?? Program.binary(`${BINARIES}/prism-admin`);
    // A container shows nothing that is not claimed.
    const mapped = program.origin === "image" ? { metrics: DEFAULT_METRICS } : {};
    const ports = { grpc: DEFAULT_GRPC, ...mapped, ...props.ports };
    const secret = props.databaseSecret;
    super({
      name: "admin",
      count: props.count ?? 1,
      networks: [networkOf(program, ports)],
      restart: props.restart ?? RESTART,
      update: props.update,
      tasks: [
        new Task({
          name: "prism-admin",
          driver: program.driver([...flags(ports, props), ...(props.args ?? [])], Object.keys(ports)),
          env: props.env,
          meta: originMeta(program),
          templates: [...configTemplates(props.configPrefix), ...secretTemplates(secret)],
          vault: secret?.vault,
          resources: props.resources ?? new Resources({ cpu: Cpu.mhz(500), memory: Memory.mebibytes(256) }),
          services: [
            new Service({
              name: AdminGroup.SERVICE,
              port: "grpc",
              tags: ["prometheus"],
              ...withMetrics(ports.metrics ?? DEFAULT_METRICS),
              checks: [props.check ?? usualCheck(program)],
            }),
          ],
          logs: props.logs ?? LOGS,
        }),
      ],
    });
  }
}

function usualCheck(program: Program): Check {
  const figures = { interval: Duration.seconds(10), timeout: Duration.seconds(2) };
  return program.answersGrpcHealth ? Check.grpc(figures) : Check.tcp(figures);
}

function withMetrics(port: number) {
  const prometheus = { prometheus_port: String(port), prometheus_path: "/metrics" };
  return { meta: { ...CHANNEL.meta, ...prometheus }, canaryMeta: { ...CHANNEL.canaryMeta, ...prometheus } };
}

function flags(ports: AdminPorts & { readonly grpc: number }, props: AdminGroupProps): string[] {
  const out = ["serve", `--port=${ports.grpc}`];
  // Releases with Raft listen on --grpc-port, which has the same default as --port.
  if (ports.grpc !== DEFAULT_GRPC) out.push(`--grpc-port=${ports.grpc}`);
  if (ports.http !== undefined) out.push(`--http-port=${ports.http}`);
  if (props.ports?.metrics !== undefined) out.push(`--metrics-port=${props.ports.metrics}`);
  if (ports.raft !== undefined) out.push(`--raft-port=${ports.raft}`);
  if (props.dataDir !== undefined) out.push(`--data-dir=${props.dataDir}`);
  if (props.database !== undefined) out.push(`--db=${props.database}`);
  return out;
}

function secretTemplates(secret: DatabaseSecret | undefined): Template[] {
  if (!secret) return [];
  const path = secret.path ?? `secret/${DATABASE_SECRET.secret}`;
  const data = `{{ with secret "${path}" }}\nDB_PASSWORD={{ .Data.data.password }}\n{{ end }}\n`;
  return [Template.env("secrets/db.env", data)];
}
