import type { Construct } from "constructs";
import {
  Constraint,
  VolumeRequest,
  type ConstraintProps,
  type Job,
  type Memory,
  type VolumeRequestProps,
} from "../../jobspec";
import {
  ANYTHING,
  listOf,
  objectBy,
  propsOfBlock,
  required,
  TEXT,
  TEXT_MAP,
  type PropKind,
  type PropKinds,
} from "../../jobspec/host";
import { ClusterConstruct } from "./cluster-construct";
import { ProviderResource, type Attributes } from "./provider-resource";
import {
  CAPABILITIES,
  CAPACITY,
  capabilityBlocks,
  capacityAttributes,
  asksForVolume,
  isSize,
  NO_SIZE,
  OF_ONE_NODE,
  providerSize,
  volumeProblems,
  type VolumeCapability,
  type VolumeCapacity,
} from "./volume-parts";

/** What a group may say where it asks for a volume. */
export type VolumeUse = Omit<VolumeRequestProps, "name" | "type" | "source"> & {
  /**
   * The name by which the mounts of the group know it.
   *
   * @default - the volume's own
   */
  readonly name?: string;
};

/** What both kinds of host volumes are told. */
interface HostVolumeCommon {
  /** Its name, which groups ask for. */
  readonly name: string;
  /**
   * How jobs may use it.
   *
   * @default - a file system of which one node writes
   */
  readonly capabilities?: readonly VolumeCapability[];
  /**
   * Texts for the plugin.
   *
   * @default - none
   */
  readonly parameters?: Readonly<Record<string, string>>;
  /**
   * The namespace that it is in.
   *
   * @default "default"
   */
  readonly namespace?: string;
}

const COMMON: PropKinds<HostVolumeCommon> = {
  name: required(TEXT),
  capabilities: CAPABILITIES,
  parameters: TEXT_MAP,
  namespace: TEXT,
};

/** Properties of {@link NomadHostVolume}. */
export interface NomadHostVolumeProps extends HostVolumeCommon {
  /**
   * The plugin of the node that makes it.
   *
   * @default "mkdir", which makes a directory
   */
  readonly plugin?: string;
  /**
   * How large it may be; the plugin `mkdir` holds nobody to it.
   *
   * @default - the plugin's
   */
  readonly capacity?: VolumeCapacity;
  /**
   * The node that has it.
   *
   * @default - one that Nomad chooses
   */
  readonly nodeId?: string;
  /**
   * The node pool of that node.
   *
   * @default - any
   */
  readonly nodePool?: string;
  /**
   * Conditions that the node must meet.
   *
   * @default - none
   */
  readonly constraints?: readonly (Constraint | ConstraintProps)[];
}

const HOST_VOLUME: PropKinds<NomadHostVolumeProps> = {
  ...COMMON,
  plugin: TEXT,
  capacity: CAPACITY,
  nodeId: TEXT,
  nodePool: TEXT,
  constraints: listOf(
    objectBy(() => propsOfBlock(Constraint)),
    "a list of constraints",
    "[Constraint.isSet(attribute)]",
  ),
};

const WRITER: readonly VolumeCapability[] = [{ access: "single-node-writer" }];

/** A volume of a node, as groups ask for it. */
abstract class HostVolume extends ClusterConstruct {
  /** Its name. */
  readonly name: string;

  protected constructor(
    scope: Construct,
    id: string,
    props: HostVolumeCommon,
    kinds: Readonly<Record<string, PropKind>>,
  ) {
    super(scope, id, props, kinds);
    this.name = props.name;
    this.checkText(["name"], props.name, /^.+$/s, "a name");
  }

  /**
   * What a group writes that asks for it.
   *
   * @example group.with({ volumes: [data.request()] })
   */
  request({ name = this.name, ...use }: VolumeUse = {}): VolumeRequest {
    return VolumeRequest.host(name, this.name, use);
  }

  /** @internal */
  override isUsedBy(job: Job): boolean {
    return asksForVolume(job, "host", this.name);
  }
}

/**
 * A volume that Nomad makes on a node, through a plugin of that node. The jobs of the stack that ask for it are brought after it. Since Nomad 1.10.
 *
 * @see https://developer.hashicorp.com/nomad/docs/other-specifications/volume/host
 * @example
 * const data = new NomadHostVolume(stack, "data", { name: "data", capacity: { max: Memory.gibibytes(10) } });
 * group.with({ volumes: [data.request()] })
 */
export class NomadHostVolume extends HostVolume {
  readonly resource: ProviderResource;

  constructor(scope: Construct, id: string, props: NomadHostVolumeProps) {
    super(scope, id, props, HOST_VOLUME);
    const { name, plugin = "mkdir", capabilities = WRITER, capacity, nodeId, nodePool, namespace } = props;
    this.reportAll(volumeProblems(capabilities, OF_ONE_NODE, capacity));
    const attributes: Attributes = {
      name,
      plugin_id: plugin,
      node_id: nodeId,
      node_pool: nodePool,
      namespace,
      parameters: props.parameters,
      ...capacityAttributes(capacity),
    };
    const constraint = (props.constraints ?? []).map((each) => {
      // A block is read as its properties are; it may be one of another copy of this package.
      const { attribute = "", operator, value } = each as Constraint;
      return { attributes: { attribute, operator, value } };
    });
    const blocks = { capability: capabilityBlocks(capabilities), constraint };
    this.resource = new ProviderResource(this, "volume", "nomad_dynamic_host_volume", () => ({ attributes, blocks }));
  }
}

/** Properties of {@link NomadHostVolumeRegistration}. */
export interface NomadHostVolumeRegistrationProps extends HostVolumeCommon {
  /** The node that has it. */
  readonly nodeId: string;
  /** The directory of the node. */
  readonly hostPath: string;
  /**
   * How large it is; Nomad shows it to people, and holds nobody to it.
   *
   * @default - Nomad shows none
   */
  readonly capacity?: Memory;
}

const REGISTRATION: PropKinds<NomadHostVolumeRegistrationProps> = {
  ...COMMON,
  nodeId: required(TEXT),
  hostPath: required(TEXT),
  capacity: ANYTHING,
};

/**
 * A directory of a node that somebody made, told to Nomad as a volume. The jobs of the stack that ask for it are brought after it. Since Nomad 1.10.
 *
 * @see https://developer.hashicorp.com/nomad/docs/commands/volume/register
 */
export class NomadHostVolumeRegistration extends HostVolume {
  readonly resource: ProviderResource;

  constructor(scope: Construct, id: string, props: NomadHostVolumeRegistrationProps) {
    super(scope, id, props, REGISTRATION);
    const { name, nodeId, hostPath, capabilities = WRITER, namespace, parameters, capacity } = props;
    this.reportAll(volumeProblems(capabilities, OF_ONE_NODE, undefined));
    if (!isSize(capacity)) this.report(["capacity"], NO_SIZE);
    this.checkText(["hostPath"], hostPath, /^(?:\/|[A-Za-z]:\\)/, "an absolute path of the node");
    const size = capacity && providerSize(capacity);
    const attributes: Attributes = {
      name,
      node_id: nodeId,
      host_path: hostPath,
      namespace,
      parameters,
      capacity: size,
    };
    const blocks = { capability: capabilityBlocks(capabilities) };
    this.resource = new ProviderResource(this, "volume", "nomad_dynamic_host_volume_registration", () => ({
      attributes,
      blocks,
    }));
  }
}
