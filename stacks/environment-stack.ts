import { ConsulBackend, LocalBackend, TerraformStack, type ConsulBackendConfig } from "cdktf";
import type { Construct } from "constructs";
import {
  outputJobs,
  PROVIDERS,
  setStackCluster,
  setStackOwner,
  SLOT_POOL_VARIABLES,
  StackRecord,
  WarmPoolJob,
  type Prism,
} from "../lib";
import { ContainerChoice, CONTAINERS } from "./containers";
import type { Environment, ProgramInputs } from "./environment";
import { addHermes } from "./hermes";
import { addPolydev } from "./polydev";
import { addPrism } from "./prism";
import type { EnvironmentSettings } from "./settings";

/** An environment as a stack: the workloads that its settings ask for, and the record of what it brought. */
export class EnvironmentStack extends TerraformStack {
  readonly prism: Prism;
  readonly #environment: Environment;

  constructor(scope: Construct, settings: EnvironmentSettings, inputs: ProgramInputs = {}) {
    super(scope, settings.name);
    const { dockerImages, variables, portOffset = 0 } = inputs;
    this.#environment = {
      settings,
      inputs,
      portOffset: settings.portOffset ?? portOffset,
      containers: new ContainerChoice(dockerImages && new Set(dockerImages), variables?.[CONTAINERS]),
    };
    setStackOwner(this, settings.owner);
    if (settings.cluster) setStackCluster(this, settings.cluster);
    this.keepState(settings);
    this.prism = addPrism(this, this.#environment);
    addPolydev(this, this.#environment);
    addHermes(this, this.#environment);
    outputJobs(this);
    new StackRecord(this, "record", { environmentVariables: this.lookedAt() });
  }

  /** What was decided for jobs whose execution is `auto`, and why, a line for each reason. */
  get containerChoices(): readonly string[] {
    return this.#environment.containers.lines;
  }

  private keepState({ backend }: EnvironmentSettings): void {
    if (backend.kind === "local") new LocalBackend(this);
    // The type asks for a token, although the backend takes CONSUL_HTTP_TOKEN, as it does CONSUL_HTTP_ADDR.
    else new ConsulBackend(this, { path: backend.path } as ConsulBackendConfig);
  }

  /** The environment variables that the stack looked at, by their names. */
  private lookedAt(): Readonly<Record<string, string | undefined>> {
    const { settings, inputs, containers } = this.#environment;
    const { programs } = settings;
    const { prismBinDir, variables = {} } = inputs;
    const names = [...PROVIDERS.map((provider) => WarmPoolJob.sizeVariable(provider)), ...SLOT_POOL_VARIABLES];
    return {
      ...(programs.kind === "processes" && programs.binDir === undefined ? { PRISM_BIN_DIR: prismBinDir } : {}),
      ...Object.fromEntries(names.map((name) => [name, variables[name] || undefined])),
      [CONTAINERS]: containers.choices,
    };
  }
}
