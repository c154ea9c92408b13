import { existsSync } from "node:fs";
import { join } from "node:path";
import { ConsulBackend, LocalBackend, TerraformStack, TerraformVariable, type ConsulBackendConfig } from "cdktf";
import type { Construct } from "constructs";
import {
  Cpu,
  NomadJob,
  outputJobs,
  Polydev,
  PoolServiceJob,
  Prism,
  Program,
  PROVIDERS,
  RegionalJob,
  RuntimeJob,
  SERVICE_TOKENS,
  Resources,
  Secret,
  setStackCluster,
  setStackOwner,
  SLOT_POOL_VARIABLES,
  SlotPoolJob,
  StackRecord,
  standIn,
  Update,
  WarmPoolJob,
  type Pattern,
  type PrismProps,
  type Provider,
  type StandInName,
} from "../lib";
import { ContainerChoice, CONTAINERS } from "./containers";
import type { EnvironmentSettings, GroupSettings } from "./settings";

/** What of the surroundings a stack looks at, passed in so that tests can say it. */
export interface Surroundings {
  /** PRISM_BIN_DIR. */
  readonly prismBinDir?: string;
  /** CDK_NOMAD_PORT_OFFSET. */
  readonly portOffset?: number;
  /** CDK_NOMAD_CLOSED: whether Nomad and Consul ask tasks for a token. Default: false */
  readonly closed?: boolean;
  /** The project's folder, where the cluster of `cdk-nomad start` and its tokens are. Default: the folder that the program runs in. */
  readonly project?: string;
  /** Images that the Docker of this machine has, by name and tag. Default: no Docker answers. */
  readonly dockerImages?: readonly string[];
  /** WARM_POOL_<PROVIDER>_SIZE, TERMINAL_NOMAD_… and CDK_NOMAD_CONTAINERS, by their names. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
}

/** The port of the pools' service, and those of a node's agents. */
const SERVICE_PORT = 8790;
const NOMAD_PORT = 4646;
const CONSUL_PORT = 8500;

const PROGRAMS = { admin: "prism-admin", launcher: "pattern-launcher", keyvalue: "keyvalue-runner" } as const;

/** One environment of Prism as a stack: its settings made into a job, its Consul side, and variables for deploy time. */
export class PrismEnvironment extends TerraformStack {
  /** The workload. */
  readonly prism: Prism;
  readonly #offset: number;
  readonly #containers: ContainerChoice;

  constructor(
    scope: Construct,
    private readonly settings: EnvironmentSettings,
    private readonly surroundings: Surroundings = {},
  ) {
    super(scope, settings.name);
    this.#offset = settings.portOffset ?? surroundings.portOffset ?? 0;
    this.#containers = new ContainerChoice(
      surroundings.dockerImages && new Set(surroundings.dockerImages),
      surroundings.variables?.[CONTAINERS],
    );
    setStackOwner(this, settings.owner);
    if (settings.cluster) setStackCluster(this, settings.cluster);
    this.keepState();

    const programs = this.programs();
    const own = programs.admin.origin === "binary";
    this.prism = new Prism(this, "prism", {
      environment: settings.name,
      datacenters: settings.datacenters,
      config: { log_level: this.logLevel() },
      denyByDefault: settings.denyByDefault,
      update: new Update(this.updateOf(0)),
      admin: {
        ...this.groupOf(settings.admin),
        program: programs.admin,
        ports: this.adminPorts(programs.admin),
        // Prism's own admin keeps its data where it is started, unless told otherwise.
        ...(own
          ? { dataDir: "${NOMAD_ALLOC_DIR}/data/raft", database: "sqlite://${NOMAD_ALLOC_DIR}/data/admin.db" }
          : {}),
        databaseSecret: settings.databaseSecret,
      },
      launcher: {
        ...this.groupOf(settings.launcher),
        program: programs.launcher,
        ports: this.launcherPorts(programs.launcher),
        patterns: this.patterns(programs),
      },
      keyvalue: {
        ...this.groupOf(settings.keyvalue),
        program: programs.keyvalue,
        mode: this.keyvalueMode(programs.keyvalue),
      },
      ...this.regions(),
    });
    const polydev = this.addPolydev();
    this.addService(polydev);
    this.addHermes();
    outputJobs(this);
    new StackRecord(this, "record", { surroundings: this.lookedAt() });
  }

  /** What of its surroundings the stack looked at, by the names of environment variables. */
  private lookedAt(): Readonly<Record<string, string | undefined>> {
    const { programs } = this.settings;
    const { prismBinDir, variables = {} } = this.surroundings;
    const names = [...PROVIDERS.map((provider) => WarmPoolJob.sizeVariable(provider)), ...SLOT_POOL_VARIABLES];
    return {
      ...(programs.kind === "processes" && programs.binDir === undefined ? { PRISM_BIN_DIR: prismBinDir } : {}),
      ...Object.fromEntries(names.map((name) => [name, variables[name] || undefined])),
      [CONTAINERS]: this.#containers.choices,
    };
  }

  private addPolydev(): Polydev {
    const { polydev, datacenters } = this.settings;
    const { execution, machine, warmPool, browsers, keysInVariables } = polydev;
    const sizes = WarmPoolJob.sizesFrom(this.surroundings.variables ?? {}, warmPool);
    const contained = (provider: Provider) => {
      if (execution !== "auto") return execution === "containers";
      const pool = sizes[provider] > 0 ? [new WarmPoolJob({ provider })] : [];
      // Both of a provider's jobs have the same image.
      return [RuntimeJob.dispatched({ provider }), ...pool]
        .map((job) => this.#containers.contained(job))
        .every(Boolean);
    };
    const keys = PROVIDERS.map(
      (provider) => [provider, Secret.fromNomadVariable(`nomad/jobs/runtime-${provider}`, "api_key")] as const,
    );
    return new Polydev(this, "polydev", {
      execution: (provider) => (contained(provider) ? { kind: "docker" } : { kind: "raw_exec" }),
      machine: { kind: machine },
      warmPools: sizes,
      browsers,
      portOffset: this.#offset,
      apiKeys: keysInVariables ? Object.fromEntries(keys) : {},
      datacenters,
      ...this.regions(),
    });
  }

  /** The service of Polydev's pools; an environment without pools has none. */
  private addService({ pools }: Polydev): void {
    const { service, datacenters } = this.settings;
    if (pools.length === 0) return;
    const given = {
      pools: pools.map(({ pool }) => pool),
      port: SERVICE_PORT + this.#offset,
      listen: service.reachable === "loopback" ? "127.0.0.1" : "0.0.0.0",
      nomadAddress: `http://127.0.0.1:${NOMAD_PORT + this.#offset}`,
      consulAddress: `http://127.0.0.1:${CONSUL_PORT + this.#offset}`,
      consulIdentity: this.surroundings.closed,
      runtime: pools.every(({ contained }) => contained) ? ("docker" as const) : ("raw_exec" as const),
      datacenters,
      ...(service.tokens === "project" ? { tokens: { file: this.serviceTokens() } } : {}),
    };
    const inContainer = new PoolServiceJob(given);
    const contained =
      service.execution === "auto" ? this.#containers.contained(inContainer) : service.execution === "container";
    const job = contained ? inContainer : new PoolServiceJob({ ...given, execution: { kind: "raw_exec" } });
    const { regions, rendering } = this.regions();
    if (regions) new RegionalJob(this, job.id, { job, regions, rendering });
    else new NomadJob(this, job.id, { job });
  }

  /** The file that `cdk-nomad start` writes. */
  private serviceTokens(): string {
    return join(this.surroundings.project ?? process.cwd(), SERVICE_TOKENS);
  }

  private addHermes(): void {
    const { hermes } = this.settings;
    const given = this.surroundings.variables ?? {};
    const variables = {
      TERMINAL_NOMAD_SLOTS: String(hermes.slots),
      TERMINAL_NOMAD_MIN: String(hermes.min),
      TERMINAL_NOMAD_MAX: String(hermes.max),
      ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== "")),
    };
    const job = this.slotPool(variables, given.TERMINAL_NOMAD_DRIVER ? undefined : hermes.driver);
    const { regions, rendering } = this.regions();
    if (regions) new RegionalJob(this, job.pool, { job, regions, rendering });
    else new NomadJob(this, job.pool, { job });
  }

  private slotPool(
    variables: Readonly<Record<string, string | undefined>>,
    driver: EnvironmentSettings["hermes"]["driver"] | undefined,
  ): SlotPoolJob {
    const { datacenters, hermes } = this.settings;
    const withDriver = (own: Exclude<typeof driver, "auto">) =>
      SlotPoolJob.fromEnvironment(variables, {
        datacenters,
        isolation: hermes.isolation,
        ...(own ? { driver: own } : {}),
      });
    if (driver !== "auto") return withDriver(driver);
    const inDocker = withDriver("docker");
    return this.#containers.contained(inDocker) ? inDocker : withDriver("raw_exec");
  }

  /** What was decided for jobs whose execution is `auto`, and why, a line for each reason. */
  get containerChoices(): readonly string[] {
    return this.#containers.lines;
  }

  private keepState(): void {
    const { backend } = this.settings;
    if (backend.kind === "local") new LocalBackend(this);
    // The type asks for a token, although the backend takes CONSUL_HTTP_TOKEN, as it does CONSUL_HTTP_ADDR.
    else new ConsulBackend(this, { path: backend.path } as ConsulBackendConfig);
  }

  /** Values that whoever deploys may set, as `-var` or TF_VAR_<name>. */
  private logLevel(): string {
    const levels = ["debug", "info", "warn", "error"];
    return new TerraformVariable(this, "log_level", {
      type: "string",
      default: this.settings.logLevel,
      description: `How much the programs log: ${levels.join(", ")}.`,
      validation: [
        {
          condition: `\${contains(${JSON.stringify(levels)}, var.log_level)}`,
          errorMessage: `Write one of ${levels.join(", ")}.`,
        },
      ],
    }).stringValue;
  }

  /** @param version undefined where whoever deploys has to say it */
  private imageVersion(version: string | undefined): string {
    return new TerraformVariable(this, "image_version", {
      type: "string",
      ...(version === undefined ? {} : { default: version }),
      description: "Tag of the images of Prism.",
      validation: [
        {
          condition: '${can(regex("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$", var.image_version))}',
          errorMessage: "Write a tag: letters, digits, dots, dashes and underscores, 128 at most.",
        },
        {
          condition: '${!contains(["latest"], var.image_version)}',
          errorMessage:
            "Nomad would pull it before every start, and start something else one day; write a fixed tag, such as 1.4.2.",
        },
      ],
    }).stringValue;
  }

  private programs(): Record<StandInName, Program> {
    const { programs } = this.settings;
    if (programs.kind === "images") {
      const version = this.imageVersion(programs.version);
      const { registry, network, shellImage } = programs;
      const image = (name: StandInName) =>
        Program.image(`${registry}${PROGRAMS[name]}:${version}`, { network, shellImage });
      return { admin: image("admin"), launcher: image("launcher"), keyvalue: image("keyvalue") };
    }
    const folder = programs.binDir ?? this.surroundings.prismBinDir;
    const find = (name: StandInName): Program => {
      const path = folder === undefined ? undefined : join(folder, PROGRAMS[name]);
      return path !== undefined && existsSync(path) ? Program.binary(path) : standIn(name);
    };
    return { admin: find("admin"), launcher: find("launcher"), keyvalue: find("keyvalue") };
  }

  private groupOf(group: GroupSettings) {
    const { count, cpu, memory, memoryMax, canaries = 0 } = group;
    return {
      count,
      resources: new Resources({ cpu: Cpu.mhz(cpu), memory, memoryMax }),
      ...(canaries > 0 ? { update: new Update(this.updateOf(canaries)) } : {}),
    };
  }

  private updateOf(canary: number) {
    const { autoPromote, ...update } = this.settings.update;
    return canary > 0 ? { ...update, canary, ...(autoPromote ? { autoPromote } : {}) } : update;
  }

  /** A real admin has four ports, and a stand-in two; those that nobody asked to move stay its own. */
  private adminPorts({ origin }: Program) {
    const offset = this.#offset;
    const grpc = 8981 + offset;
    if (offset === 0 || origin === "image") return { grpc, ...(offset === 0 ? {} : { metrics: 9090 + offset }) };
    const metrics = 9090 + offset;
    return origin === "binary" ? { grpc, http: 8980 + offset, metrics, raft: 8990 + offset } : { grpc, metrics };
  }

  private launcherPorts(program: Program) {
    const offset = this.#offset;
    const rest = program.origin === "binary" && offset !== 0 ? { metrics: 9092 + offset } : {};
    return { grpc: 7070 + offset, health: 9093 + offset, ...rest };
  }

  /** Prism's own launcher exits where it finds no pattern. */
  private patterns(programs: Record<StandInName, Program>): readonly Pattern[] | undefined {
    const { programs: settings } = this.settings;
    if (programs.launcher.origin !== "binary" || settings.kind !== "processes") return undefined;
    const folder = settings.binDir ?? this.surroundings.prismBinDir ?? "";
    return [
      {
        name: "keyvalue",
        version: "0.1.0",
        command: JSON.stringify(join(folder, PROGRAMS.keyvalue)),
        healthPort: 9100,
      },
    ];
  }

  /** Without a proxy, the real runner would exit; a namespace in memory is what it serves in dev. */
  private keyvalueMode(program: Program) {
    const { programs } = this.settings;
    if (programs.kind === "processes" && programs.proxy !== undefined) return { proxy: programs.proxy };
    return program.origin === "binary" ? { namespace: this.settings.name } : undefined;
  }

  private regions(): Pick<PrismProps, "regions" | "rendering"> {
    const { regions } = this.settings;
    if (!regions) return {};
    const { list, maxParallel, onFailure, rendering } = regions;
    return { regions: { strategy: { maxParallel, onFailure }, regions: list }, rendering };
  }
}
