import type { Path, Problem } from "../../errors";
import { Memory, type Job } from "../../jobspec";
import { ANYTHING, listOf, objectOf, required } from "../../jobspec/host";
import type { Body } from "./provider-resource";

/** Who may do what with a volume at once. */
export type VolumeAccess =
  | "single-node-reader-only"
  | "single-node-writer"
  | "single-node-single-writer"
  | "single-node-multi-writer"
  | "multi-node-reader-only"
  | "multi-node-single-writer"
  | "multi-node-multi-writer";

/** The access modes of volumes of one node. */
export const OF_ONE_NODE: readonly VolumeAccess[] = [
  "single-node-reader-only",
  "single-node-writer",
  "single-node-single-writer",
  "single-node-multi-writer",
];
/** The access modes of CSI volumes. */
export const OF_CSI: readonly VolumeAccess[] = [
  "single-node-reader-only",
  "single-node-writer",
  "multi-node-reader-only",
  "multi-node-single-writer",
  "multi-node-multi-writer",
];

/** A way in which jobs may use a volume. */
export interface VolumeCapability {
  /** Who may do what with it at once. */
  readonly access: VolumeAccess;
  /**
   * As what it appears.
   *
   * @default "file-system"
   */
  readonly attachment?: "file-system" | "block-device";
}

/** How large a volume may be. */
export interface VolumeCapacity {
  /**
   * The least.
   *
   * @default - the plugin's
   */
  readonly min?: Memory;
  /**
   * The most.
   *
   * @default - the plugin's
   */
  readonly max?: Memory;
}

/** The kind of a property of capabilities; what they may be is judged by {@link volumeProblems}. */
export const CAPABILITIES = listOf(
  objectOf<VolumeCapability>({ access: required(ANYTHING), attachment: ANYTHING }),
  "a list of objects",
  '[{ access: "single-node-writer" }]',
);

/** The kind of a property of least and most, whose sizes are judged by {@link volumeProblems}. */
export const CAPACITY = objectOf<VolumeCapacity>({ min: ANYTHING, max: ANYTHING });

/** Capabilities as the provider takes them. */
export function capabilityBlocks(capabilities: readonly VolumeCapability[]): readonly Body[] {
  return capabilities.map(({ access, attachment = "file-system" }) => ({
    attributes: { access_mode: access, attachment_mode: attachment },
  }));
}

/** Sizes as the provider takes them. */
export function capacityAttributes({ min, max }: VolumeCapacity = {}) {
  return { capacity_min: min && providerSize(min), capacity_max: max && providerSize(max) };
}

/** A size as the provider takes it. */
export function providerSize({ mebibytes }: Memory): string {
  return `${mebibytes} MiB`;
}

/** What is wrong with a size that is none. */
export const NO_SIZE = "is no size; write Memory.gibibytes(10), say";

/** Whether something is a size, or nothing is said. */
export function isSize(size: unknown): boolean {
  return size === undefined || (size instanceof Memory && size.mebibytes > 0);
}

/** What is wrong with capabilities and sizes. */
export function volumeProblems(
  capabilities: readonly VolumeCapability[],
  modes: readonly VolumeAccess[],
  capacity: VolumeCapacity | undefined,
): readonly Problem[] {
  const problem = (path: Path, message: string): Problem => ({
    rule: "cluster/value",
    path,
    message,
    severity: "error",
  });
  const one = (values: readonly string[]) => values.map((each) => `"${each}"`).join(", ");
  const { min, max } = capacity ?? {};
  return [
    ...(capabilities.length === 0
      ? [problem(["capabilities"], 'is empty; write { access: "single-node-writer" }')]
      : []),
    ...capabilities.flatMap(({ access, attachment = "file-system" }, index) => [
      ...(modes.includes(access)
        ? []
        : [
            problem(["capabilities", { index }, "access"], `"${access}" is not known here; write one of ${one(modes)}`),
          ]),
      ...(["file-system", "block-device"].includes(attachment)
        ? []
        : [
            problem(
              ["capabilities", { index }, "attachment"],
              `"${attachment}" is not known; write "file-system" or "block-device"`,
            ),
          ]),
    ]),
    ...Object.entries({ min, max }).flatMap(([name, size]) =>
      isSize(size) ? [] : [problem(["capacity", name], NO_SIZE)],
    ),
    ...(min && max && min.mebibytes > max.mebibytes
      ? [problem(["capacity", "max"], `${max} is less than min, ${min}; write ${min} or more`)]
      : []),
  ];
}

/** Whether a group of a job asks for a volume by its source. */
export function asksForVolume(job: Job, type: "host" | "csi", source: string): boolean {
  const requests = (job.groups ?? []).flatMap(({ volumes }) => volumes ?? []);
  return requests.some((each) => each.type === type && each.source === source);
}
