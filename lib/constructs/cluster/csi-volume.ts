import type { Construct } from "constructs";
import { CsiMountOptions, VolumeRequest, type CsiMountOptionsProps, type Job } from "../../jobspec";
import {
  NUMBER,
  objectBy,
  listOf,
  propsOfBlock,
  required,
  TEXT,
  TEXT_MAP,
  type PropKind,
  type PropKinds,
} from "../../jobspec/host";
import { requireProvider26, takesWriteOnly } from "../provider-version";
import { ClusterConstruct } from "./cluster-construct";
import type { VolumeUse } from "./host-volume";
import { ProviderResource, type Attributes, type Blocks, type Body } from "./provider-resource";
import {
  asksForVolume,
  CAPABILITIES,
  CAPACITY,
  capabilityBlocks,
  capacityAttributes,
  OF_CSI,
  volumeProblems,
  type VolumeCapability,
  type VolumeCapacity,
} from "./volume-parts";

/** What both kinds of CSI volumes are told. */
interface CsiVolumeCommon {
  /** Its id, which groups ask for. */
  readonly volumeId: string;
  /**
   * Its name for people.
   *
   * @default - its id
   */
  readonly name?: string;
  /** The CSI plugin that has it. */
  readonly plugin: string;
  /** How jobs may use it; the first is what {@link NomadCsiVolume.request} asks for. */
  readonly capabilities: readonly [VolumeCapability, ...VolumeCapability[]];
  /**
   * How large it may be.
   *
   * @default - the plugin's
   */
  readonly capacity?: VolumeCapacity;
  /**
   * Texts for the plugin.
   *
   * @default - none
   */
  readonly parameters?: Readonly<Record<string, string>>;
  /**
   * Secrets for the plugin, from sensitive variables of Terraform: written, and kept in no state. They take release 2.6 of the provider, which the stack
   * requires then, and Terraform 1.11 or later.
   *
   * @default - none
   */
  readonly secrets?: Readonly<Record<string, string>>;
  /**
   * Counts the secrets: a higher number writes them again.
   *
   * @default 1
   */
  readonly secretsVersion?: number;
  /**
   * How it is mounted.
   *
   * @default - as the plugin does
   */
  readonly mountOptions?: CsiMountOptionsProps;
  /**
   * Where it must be, each as the segments of a topology.
   *
   * @default - anywhere
   */
  readonly requiredTopologies?: readonly Readonly<Record<string, string>>[];
  /**
   * The namespace that it is in.
   *
   * @default "default"
   */
  readonly namespace?: string;
}

const TOPOLOGIES = listOf(TEXT_MAP, "a list of objects", '[{ zone: "a" }]');

const COMMON: PropKinds<CsiVolumeCommon> = {
  volumeId: required(TEXT),
  name: TEXT,
  plugin: required(TEXT),
  capabilities: required(CAPABILITIES),
  capacity: CAPACITY,
  parameters: TEXT_MAP,
  secrets: TEXT_MAP,
  secretsVersion: NUMBER,
  mountOptions: objectBy(() => propsOfBlock(CsiMountOptions)),
  requiredTopologies: TOPOLOGIES,
  namespace: TEXT,
};

/** Properties of {@link NomadCsiVolume}. */
export interface NomadCsiVolumeProps extends CsiVolumeCommon {
  /**
   * The snapshot that it begins as.
   *
   * @default - none
   */
  readonly snapshotId?: string;
  /**
   * The volume that it begins as a copy of.
   *
   * @default - none
   */
  readonly cloneId?: string;
  /**
   * Where it should rather be, the best first, each as the segments of a topology.
   *
   * @default - anywhere
   */
  readonly preferredTopologies?: readonly Readonly<Record<string, string>>[];
}

const CSI_VOLUME: PropKinds<NomadCsiVolumeProps> = {
  ...COMMON,
  snapshotId: TEXT,
  cloneId: TEXT,
  preferredTopologies: TOPOLOGIES,
};

/** A volume of a CSI plugin, as groups ask for it. */
abstract class CsiVolume extends ClusterConstruct {
  /** Its id. */
  readonly volumeId: string;
  readonly #first: VolumeCapability;

  protected constructor(
    scope: Construct,
    id: string,
    props: CsiVolumeCommon,
    kinds: Readonly<Record<string, PropKind>>,
  ) {
    super(scope, id, props, kinds);
    this.volumeId = props.volumeId;
    const [first = { access: "single-node-writer" }] = props.capabilities as readonly VolumeCapability[];
    this.#first = first;
    this.checkText(["volumeId"], props.volumeId, /^.+$/s, "an id");
    this.reportAll(volumeProblems(props.capabilities, OF_CSI, props.capacity));
    if (!props.secrets) return;
    requireProvider26(this);
    if (!takesWriteOnly(this))
      this.report(
        ["secrets"],
        "would stand in Terraform's state with this provider; leave out useNomadProvider(…), or register the volume by hand: nomad volume create FILE",
        "provider/write-only",
      );
  }

  /**
   * What a group writes that asks for it, in the first of the ways that it may be used.
   *
   * @example group.with({ volumes: [data.request({ name: "data" })] })
   */
  request({ name = this.volumeId, ...use }: VolumeUse = {}): VolumeRequest {
    const { access, attachment = "file-system" } = this.#first;
    return VolumeRequest.csi(name, this.volumeId, { accessMode: access, attachmentMode: attachment, ...use });
  }

  /** @internal */
  override isUsedBy(job: Job): boolean {
    return asksForVolume(job, "csi", this.volumeId);
  }
}

function commonAttributes(props: CsiVolumeCommon): Attributes {
  const { volumeId, name = volumeId, plugin, namespace, parameters, secrets, secretsVersion = 1 } = props;
  return {
    volume_id: volumeId,
    name,
    plugin_id: plugin,
    namespace,
    parameters,
    ...capacityAttributes(props.capacity),
    ...(secrets ? { secrets_wo: secrets, secrets_wo_version: secretsVersion } : {}),
  };
}

function commonBlocks({ capabilities, mountOptions }: CsiVolumeCommon): Blocks {
  const { fsType, mountFlags } = mountOptions ?? {};
  return {
    capability: capabilityBlocks(capabilities),
    mount_options: mountOptions
      ? [
          {
            attributes: {
              fs_type: fsType as string | undefined,
              mount_flags: mountFlags as readonly string[] | undefined,
            },
          },
        ]
      : [],
  };
}

function topologies(all: readonly Readonly<Record<string, string>>[] | undefined): readonly Body[] {
  return all?.length
    ? [{ attributes: {}, blocks: { topology: all.map((segments) => ({ attributes: { segments } })) } }]
    : [];
}

/**
 * A volume that a CSI plugin makes. The jobs of the stack that ask for it are brought after it.
 *
 * @see https://developer.hashicorp.com/nomad/docs/other-specifications/volume/csi
 */
export class NomadCsiVolume extends CsiVolume {
  readonly resource: ProviderResource;

  constructor(scope: Construct, id: string, props: NomadCsiVolumeProps) {
    super(scope, id, props, CSI_VOLUME);
    const { snapshotId, cloneId, requiredTopologies, preferredTopologies } = props;
    const attributes: Attributes = { ...commonAttributes(props), snapshot_id: snapshotId, clone_id: cloneId };
    const [needed, preferred] = [topologies(requiredTopologies), topologies(preferredTopologies)];
    const blocks: Blocks = {
      ...commonBlocks(props),
      topology_request:
        needed.length + preferred.length > 0 ? [{ attributes: {}, blocks: { required: needed, preferred } }] : [],
    };
    this.resource = new ProviderResource(this, "volume", "nomad_csi_volume", () => ({ attributes, blocks }));
  }
}

/** Properties of {@link NomadCsiVolumeRegistration}. */
export interface NomadCsiVolumeRegistrationProps extends CsiVolumeCommon {
  /** What the storage itself calls it. */
  readonly externalId: string;
  /**
   * What the plugin needs to know of it, as it gave it back when the volume was made.
   *
   * @default - nothing
   */
  readonly context?: Readonly<Record<string, string>>;
}

const REGISTRATION: PropKinds<NomadCsiVolumeRegistrationProps> = {
  ...COMMON,
  externalId: required(TEXT),
  context: TEXT_MAP,
};

/**
 * A volume that is there already, told to Nomad. The jobs of the stack that ask for it are brought after it.
 *
 * @see https://developer.hashicorp.com/nomad/docs/commands/volume/register
 */
export class NomadCsiVolumeRegistration extends CsiVolume {
  readonly resource: ProviderResource;

  constructor(scope: Construct, id: string, props: NomadCsiVolumeRegistrationProps) {
    super(scope, id, props, REGISTRATION);
    const { externalId, context, requiredTopologies } = props;
    const attributes: Attributes = { ...commonAttributes(props), external_id: externalId, context };
    const needed = topologies(requiredTopologies);
    const blocks: Blocks = {
      ...commonBlocks(props),
      topology_request: needed.length > 0 ? [{ attributes: {}, blocks: { required: needed } }] : [],
    };
    this.resource = new ProviderResource(this, "volume", "nomad_csi_volume_registration", () => ({
      attributes,
      blocks,
    }));
  }
}
