import { UserError } from "../../errors";
import {
  block,
  blockOf,
  blocks,
  bool,
  describe,
  isKnown,
  isPlainObject,
  isTooDeep,
  text,
  textMap,
  TOO_DEEP,
  type ApiObject,
  type ApiOf,
  type EffectiveOf,
  type Field,
  type HclPart,
  type Part,
  type PropsOf,
  type Resolvable,
} from "../engine";
import { Driver } from "../drivers";
import { Secret } from "../secret";
import { duration } from "../units";
import { Action, type ActionProps } from "./action";
import { Affinity, type AffinityProps } from "./affinity";
import { Artifact, type ArtifactProps } from "./artifact";
import { Constraint, type ConstraintProps } from "./constraint";
import { Consul } from "./consul";
import { CsiPlugin } from "./csi-plugin";
import { DispatchPayload } from "./dispatch-payload";
import { Identity, type IdentityProps } from "./identity";
import { Lifecycle } from "./lifecycle";
import { LogConfig } from "./log-config";
import { Resources } from "./resources";
import { Restart } from "./restart";
import { Scaling, type ScalingProps } from "./scaling";
import { Schedule } from "./schedule";
import { Service, type ServiceProps } from "./service";
import { TaskSecret } from "./task-secret";
import { Template, type TemplateProps } from "./template";
import { Vault } from "./vault";
import { mergeNew } from "./merge";
import { VolumeMount, type VolumeMountProps } from "./volume";

/** Driver and Config are one property: the configuration belongs to the driver. */
const driver: Field<Driver, Driver, true, Part<"Driver", string> & Part<"Config", Readonly<Record<string, unknown>>>> =
  {
    kind: "special",
    api: ["Driver", "Config"],
    required: true,
    options: {},
    encode(value, out: ApiObject) {
      out.Driver = value.name;
      const config = value.toApi();
      if (config !== undefined) out.Config = config;
    },
    hcl(value) {
      const body = value.toApi();
      return [{ attribute: "driver", value: value.name }, ...(body === undefined ? [] : [{ block: "config", body }])];
    },
    decode(json, at) {
      const { Driver: name, Config: config } = json;
      if ((name === undefined || name === null) && (config === undefined || config === null)) return undefined;
      if (typeof name !== "string") {
        at.error("import/type", `expected the driver's name, found ${describe(name)}`);
        return undefined;
      }
      if (config === undefined || config === null) return Driver.custom(name);
      if (isPlainObject(config) && !isTooDeep(config)) return Driver.custom(name, config);
      if (isTooDeep(config)) at.error("import/depth", TOO_DEEP);
      else at.error("import/type", `expected an object, found ${describe(config)}`);
      return undefined;
    },
    check(value, at, context) {
      if (value instanceof Driver) value.check(at, context);
      else if (!isKnown(value))
        at.error(
          "field/type",
          "a token stands in the place of the driver, which has to be known; write Driver.docker({ … }), with tokens as its values",
        );
      else at.error("field/type", `expected a Driver, found ${describe(value)}; write Driver.docker({ image: … })`);
    },
  };

/** What is scaled stands in the label: "cpu" for vertical_cpu. */
const scaling: Field<
  readonly (Scaling | ScalingProps)[],
  readonly Scaling[],
  false,
  Part<"ScalingPolicies", readonly ApiOf<typeof Scaling>[], false, readonly EffectiveOf<typeof Scaling>[]>
> = {
  ...blocks("ScalingPolicies", () => Scaling, { hcl: "scaling", enterprise: "ignored" }),
  hcl: (policies): readonly HclPart[] =>
    policies.map((policy) => {
      const [, label] = /^vertical_(cpu|mem)$/.exec(policy.type ?? "") ?? [];
      if (label === undefined)
        throw UserError.at(
          "scaling.type",
          'HCL knows only "vertical_cpu" and "vertical_mem" on tasks; write one',
          "render/hcl",
        );
      return { block: "scaling", label, of: policy.with({ type: undefined }) };
    }),
};

const fields = {
  /** Its name, unique in its group. */
  name: text("Name", { required: true, hcl: "" }),
  /** What runs it, with its configuration. */
  driver,
  /**
   * When it runs, where it is no main task.
   *
   * @default - a main task
   */
  lifecycle: block("Lifecycle", () => Lifecycle),
  /**
   * Whether the group's other tasks stop when this one does.
   *
   * @default false
   */
  leader: bool("Leader"),
  /**
   * The user it runs as.
   *
   * @default - the driver's
   */
  user: text("User"),
  /**
   * Environment variables.
   *
   * @default - none but Nomad's own
   */
  env: textMap("Env", { assigned: "possible" }),
  /**
   * What it needs to run.
   *
   * @default - 100 MHz and 300 MiB
   */
  resources: block("Resources", () => Resources, { filledIn: true }),
  /**
   * Files made of Consul's, Vault's and Nomad's data.
   *
   * @default - none
   */
  templates: blocks("Templates", () => Template, { hcl: "template" }),
  /**
   * Files that are fetched before it starts.
   *
   * @default - none
   */
  artifacts: blocks("Artifacts", () => Artifact, { hcl: "artifact" }),
  /**
   * Services that it offers.
   *
   * @default - none
   */
  services: blocks("Services", () => Service, { hcl: "service" }),
  /**
   * Volumes of the group that it sees.
   *
   * @default - none
   */
  volumeMounts: blocks("VolumeMounts", () => VolumeMount, { hcl: "volume_mount" }),
  /**
   * How it is restarted.
   *
   * @default - as its group says
   */
  restart: block("RestartPolicy", () => Restart, { inherited: true }),
  /**
   * How its output is kept.
   *
   * @default - 10 files of 10 MiB
   */
  logs: block("LogConfig", () => LogConfig, { filledIn: true }),
  /**
   * Access to Vault.
   *
   * @default - the group's
   */
  vault: block("Vault", () => Vault),
  /**
   * Which Consul it talks to.
   *
   * @default - the group's
   */
  consul: block("Consul", () => Consul),
  /**
   * Secrets that are fetched before it starts.
   *
   * @default - none
   */
  secrets: blocks("Secrets", () => TaskSecret, { hcl: "secret", since: "1.11" }),
  /**
   * Programs that people may run inside it.
   *
   * @default - none
   */
  actions: blocks("Actions", () => Action, { hcl: "action" }),
  /**
   * Gives it the payload of a dispatch.
   *
   * @default - not given
   */
  dispatchPayload: block("DispatchPayload", () => DispatchPayload),
  /**
   * Says that it is a plugin for storage.
   *
   * @default - it is none
   */
  csiPlugin: block("CSIPluginConfig", () => CsiPlugin),
  /**
   * Limits within which its resources may be changed, for Nomad Enterprise.
   *
   * @default - none
   */
  scaling,
  /**
   * The hours at which it runs, for Nomad Enterprise.
   *
   * @default - always
   */
  schedule: block("Schedule", () => Schedule),
  /**
   * The default identity, as a server gives it.
   *
   * @default - none
   */
  identity: block("Identity", () => Identity, { filledIn: true }),
  /**
   * Workload identities: signed tokens (JWT) by which others know the task.
   *
   * @default - none
   */
  identities: blocks("Identities", () => Identity, { hcl: "identity", nullElement: "none" }),
  /**
   * Conditions that its node must meet.
   *
   * @default - none
   */
  constraints: blocks("Constraints", () => Constraint, { hcl: "constraint" }),
  /**
   * Preferences among nodes.
   *
   * @default - none
   */
  affinities: blocks("Affinities", () => Affinity, { hcl: "affinity" }),
  /**
   * How long it has to end after the signal before it is killed.
   *
   * @default Duration.seconds(5)
   */
  killTimeout: duration("KillTimeout", { nullable: true, default: 5e9 }),
  /**
   * The signal that ends it.
   *
   * @default - "SIGINT", or what the driver says
   */
  killSignal: text("KillSignal"),
  /**
   * Wait between taking its services out of Consul and ending it.
   *
   * @default - none
   */
  shutdownDelay: duration("ShutdownDelay"),
  /**
   * Metadata, readable as `NOMAD_META_<key>`.
   *
   * @default - none
   */
  meta: textMap("Meta", { assigned: "possible" }),
  /**
   * What kind of mesh proxy it is, as a server sets it.
   *
   * @default - none
   */
  kind: text("Kind"),
};

/** Properties of {@link Task}. */
export interface TaskProps extends PropsOf<typeof fields> {}

/**
 * One program that a driver runs.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/task
 */
export class Task extends blockOf({ api: "Task", hcl: "task", key: "name" }, fields) {
  constructor(props: TaskProps) {
    super(props);
  }

  /** The service of this name, if there is one. */
  service(name: string): Service | undefined {
    return this.services?.find((service) => service.name === name);
  }

  /** The same task with one more service. */
  withService(service: Service | ServiceProps): this;
  /** The same task with the service of this name changed. */
  withService(name: string, change: (service: Service) => Service): this;
  withService(service: Service | ServiceProps | string, change?: (service: Service) => Service): this {
    return this.copyWithOne("services", service, change);
  }

  /** The same task with one more file made of Consul's, Vault's and Nomad's data. */
  withTemplate(template: Template | TemplateProps): this;
  /** The same task with the template of this destination changed. */
  withTemplate(destination: string, change: (template: Template) => Template): this;
  withTemplate(template: Template | TemplateProps | string, change?: (template: Template) => Template): this {
    return this.copyWithOne("templates", template, change);
  }

  /** The same task with one more file that is fetched before it starts. */
  withArtifact(artifact: Artifact | ArtifactProps): this {
    return this.copyWithOne("artifacts", artifact);
  }

  /** The same task with one more volume of its group mounted. */
  withVolumeMount(mount: VolumeMount | VolumeMountProps): this;
  /** The same task with the mount of this volume changed. */
  withVolumeMount(volume: string, change: (mount: VolumeMount) => VolumeMount): this;
  withVolumeMount(mount: VolumeMount | VolumeMountProps | string, change?: (mount: VolumeMount) => VolumeMount): this {
    return this.copyWithOne("volumeMounts", mount, change);
  }

  /** The same task with one more workload identity. */
  withIdentity(identity: Identity | IdentityProps): this;
  /** The same task with the workload identity of this name changed. */
  withIdentity(name: string, change: (identity: Identity) => Identity): this;
  withIdentity(identity: Identity | IdentityProps | string, change?: (identity: Identity) => Identity): this {
    return this.copyWithOne("identities", identity, change);
  }

  /** The same task with one more program that people may run inside it. */
  withAction(action: Action | ActionProps): this;
  /** The same task with the program of this name that people may run changed. */
  withAction(name: string, change: (action: Action) => Action): this;
  withAction(action: Action | ActionProps | string, change?: (action: Action) => Action): this {
    return this.copyWithOne("actions", action, change);
  }

  /** The same task with one more condition that its node must meet. */
  withConstraint(constraint: Constraint | ConstraintProps): this {
    return this.copyWithOne("constraints", constraint);
  }

  /** The same task with one more preference among nodes. */
  withAffinity(affinity: Affinity | AffinityProps): this {
    return this.copyWithOne("affinities", affinity);
  }

  /**
   * The same task with more environment variables.
   *
   * @throws UserError where one of them is set already, to another value
   */
  withEnv(env: Readonly<Record<string, string | Resolvable>>): this {
    return this.copyWith({ env: mergeNew("env", this.env, env) });
  }

  /**
   * The same task with environment variables whose values are secrets: a template writes them to the task's secrets directory, into a file
   * that only its owner may read, and the task is restarted when one changes.
   *
   * @throws UserError where a value is no {@link Secret}
   */
  withSecretEnv(env: Readonly<Record<string, Secret>>): this {
    if (!isPlainObject(env))
      throw UserError.at(
        "env",
        `expected secrets by the names of their variables, found ${describe(env)}; write { API_KEY: Secret.fromNomadVariable(path, key) }`,
        "field/type",
      );
    for (const [name, secret] of Object.entries(env)) {
      if (!(secret instanceof Secret))
        throw UserError.at(
          ["env", name],
          "is a secret in plain; write Secret.fromNomadVariable(path, key)",
          "secret/literal",
        );
    }
    const lines = Object.entries(env).map(([name, secret]) => `${name}=${secret.templateExpression()}\n`);
    const taken = this.templates?.length ?? 0;
    const destination = `secrets/env-${taken}.env`;
    const template = new Template({ destination, data: lines.join(""), env: true, perms: "0600" });
    const needsVault = Object.values(env).some(({ keeper }) => keeper === "vault");
    return this.copyWith({
      templates: [...(this.templates ?? []), template],
      ...(needsVault && !this.vault ? { vault: new Vault() } : {}),
    });
  }

  /**
   * The same task with more metadata.
   *
   * @throws UserError where a key is there already, with another value
   */
  withMeta(meta: Readonly<Record<string, string | Resolvable>>): this {
    return this.copyWith({ meta: mergeNew("meta", this.meta, meta) });
  }
}
