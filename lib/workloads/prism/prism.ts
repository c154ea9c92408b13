import { TerraformStack } from "cdktf";
import { Construct } from "constructs";
import {
  Intentions,
  KeyValues,
  NomadJob,
  nomadProvider,
  RegionalJob,
  ServiceDefaults,
  ServiceResolver,
  type RegionRendering,
} from "../../constructs";
import { UserError } from "../../errors";
import { type Multiregion, type MultiregionProps } from "../../jobspec";
import { checkProps, FLAG, OBJECT, oneOfTexts, required, TEXT, type PropKinds } from "../../jobspec/host";
import { AdminGroup } from "./admin-group";
import { KeyvalueGroup } from "./keyvalue-group";
import { LauncherGroup } from "./launcher-group";
import { PRISM_STACK_PROPS, PrismStack, type PrismStackProps } from "./prism-stack";

/** Properties of {@link Prism}. */
export interface PrismProps extends PrismStackProps {
  /** The environment's name: the part of the KV prefix that is its own. */
  readonly environment: string;
  /**
   * Values for Consul's KV, under `prism/<environment>/`, from which the tasks' templates read.
   *
   * @default - none
   */
  readonly config?: Readonly<Record<string, string>>;
  /**
   * Whether services may call only whom they are allowed to.
   *
   * @default false
   */
  readonly denyByDefault?: boolean;
  /**
   * The regions that it is rolled out to.
   *
   * @default - the cluster's own
   */
  readonly regions?: Multiregion | MultiregionProps;
  /**
   * How the regions are rendered.
   *
   * @default "fanOut"
   */
  readonly rendering?: RegionRendering;
}

const OWN: PropKinds<Omit<PrismProps, keyof PrismStackProps>> = {
  environment: required(TEXT),
  config: OBJECT,
  denyByDefault: FLAG,
  regions: OBJECT,
  rendering: oneOfTexts("fanOut", "enterprise"),
};
const KINDS = { ...PRISM_STACK_PROPS, ...OWN };

/**
 * The Prism stack with its Consul side: configuration in KV, what its services speak, the subsets that tell canaries
 * from the rest, and who may call whom.
 */
export class Prism extends Construct {
  /** The job, one for each region. */
  readonly jobs: readonly NomadJob[];

  constructor(scope: Construct, id: string, props: PrismProps) {
    super(scope, id);
    checkProps(props, this.node.path, KINDS);
    const { environment, config = {}, denyByDefault = false, regions, rendering, ...settings } = props;
    const configPrefix = `prism/${environment}`;
    if (!/^[a-z0-9][a-z0-9-]*$/.test(environment)) {
      throw UserError.at(
        [this.node.path, "environment"],
        `"${environment}" cannot be part of a KV path; write letters, digits and dashes`,
      );
    }
    const values = new KeyValues(this, "config", { prefix: configPrefix, values: { environment, ...config } });
    const job = new PrismStack({
      ...settings,
      admin: { configPrefix, ...settings.admin },
      launcher: { configPrefix, ...settings.launcher },
      keyvalue: settings.keyvalue === false ? false : { configPrefix, ...settings.keyvalue },
    });
    const dependsOn = [values.resource, ...this.routing(), ...this.access(denyByDefault)];
    this.jobs = regions
      ? new RegionalJob(this, "job", { job, regions, rendering, dependsOn }).jobs
      : [new NomadJob(this, "job", { job, dependsOn, provider: nomadProvider(TerraformStack.of(this)) })];
  }

  private routing() {
    const protocols = {
      [AdminGroup.SERVICE]: "grpc",
      [LauncherGroup.SERVICE]: "http",
      [KeyvalueGroup.SERVICE]: "tcp",
    } as const;
    const defaults = Object.entries(protocols).map(
      ([service, protocol]) => new ServiceDefaults(this, `${service}-defaults`, { service, protocol }),
    );
    const resolver = new ServiceResolver(this, `${LauncherGroup.SERVICE}-resolver`, {
      service: LauncherGroup.SERVICE,
      defaultSubset: "stable",
      subsets: { stable: 'Service.Meta.channel == "stable"', canary: 'Service.Meta.channel == "canary"' },
      after: defaults,
    });
    return [...defaults, resolver].map(({ entry }) => entry);
  }

  private access(denyByDefault: boolean) {
    const admin = new Intentions(this, "admin-intentions", { to: AdminGroup.SERVICE, allow: [LauncherGroup.SERVICE] });
    const keyvalue = new Intentions(this, "keyvalue-intentions", {
      to: KeyvalueGroup.SERVICE,
      allow: [LauncherGroup.SERVICE],
    });
    const everyone = denyByDefault ? [new Intentions(this, "default-deny", { to: "*", deny: ["*"] })] : [];
    return [admin, keyvalue, ...everyone].map((intentions) => intentions.entry);
  }
}
