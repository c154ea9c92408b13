import {
  block,
  blockOf,
  blocks,
  describe,
  int,
  isKnown,
  type ApiObject,
  type Field,
  type Part,
  type PropsOf,
} from "../engine";
import { Cpu, mebibytes } from "../units";
import { Device } from "./device";
import { Network } from "./network";
import { Numa } from "./numa";

/** CPU and Cores are one property: a task asks for one or the other. */
const cpu: Field<Cpu, Cpu, false, Part<"CPU", number> & Part<"Cores", number>> = {
  kind: "special",
  api: ["CPU", "Cores"],
  required: false,
  // 0 is no figure of a task's, and to a proxy it is another than none.
  options: { nullable: true },
  encode(value, out: ApiObject) {
    if (value.mhz !== undefined) out.CPU = Number.isNaN(value.mhz) ? (value.unknown ?? value.mhz) : value.mhz;
    if (value.cores !== undefined) out.Cores = Number.isNaN(value.cores) ? (value.unknown ?? value.cores) : value.cores;
  },
  hcl: ({ mhz, cores }) => [
    ...(mhz === undefined ? [] : [{ attribute: "cpu", value: mhz }]),
    ...(cores === undefined ? [] : [{ attribute: "cores", value: cores }]),
  ],
  decode(json, at) {
    const numbers = [json.CPU, json.Cores].map((found) => {
      if (found === undefined || found === null) return undefined;
      if (typeof found === "number" && Number.isSafeInteger(found)) return found;
      at.error("import/type", `expected a whole number, found ${describe(found)}`);
      return undefined;
    });
    return numbers.every((number) => number === undefined) ? undefined : Cpu.both(numbers[0], numbers[1]);
  },
  check(value, at) {
    if (!(value instanceof Cpu)) {
      at.error("field/type", `expected a Cpu, found ${describe(value)}; write Cpu.mhz(500)`);
      return;
    }
    if (!isKnown(value)) return;
    const { mhz, cores } = value;
    if (Number.isNaN(mhz) || Number.isNaN(cores)) {
      at.error("field/type", "is made of what is no number; write Cpu.mhz(500)");
      return;
    }
    if (mhz && mhz > 0 && cores && cores > 0)
      at.error("resources/cpu-and-cores", "asks for MHz and for cores; write one: Cpu.mhz(…) or Cpu.cores(…)");
    if (!isWhole(mhz) || !isWhole(cores)) at.error("field/type", `${value} is no whole number; write one`);
  },
};

function isWhole(count: number | undefined): boolean {
  return count === undefined || Number.isInteger(count);
}

const fields = {
  /**
   * A share in MHz, or cores of its own.
   *
   * @default - Cpu.mhz(100), where no cores are asked for
   */
  cpu,
  /**
   * Memory that is reserved, and the limit where no `memoryMax` is set.
   *
   * @default Memory.mebibytes(300)
   */
  memory: mebibytes("MemoryMB", { min: -Infinity, nullable: true, default: 300 }),
  /**
   * The limit, where it is above what is reserved. It counts only where the cluster's scheduler allows
   * memory oversubscription; -1 MiB means no limit.
   *
   * @default - the same as memory
   */
  memoryMax: mebibytes("MemoryMaxMB", { min: -1, nullable: true, default: 0 }),
  /**
   * Size of the secrets directory.
   *
   * @default - 1 MiB, as the node takes it
   */
  secrets: mebibytes("SecretsMB", { since: "1.9", nullable: true, default: 0 }),
  /**
   * Devices of the node, such as GPUs.
   *
   * @default - none
   */
  devices: blocks("Devices", () => Device, { hcl: "device" }),
  /**
   * How its cores lie to each other.
   *
   * @default - anyhow
   */
  numa: block("NUMA", () => Numa, { hcl: "numa" }),
  /**
   * Disk, which belongs to the group's `ephemeralDisk` today.
   *
   * @default - none
   */
  disk: mebibytes("DiskMB", { min: -Infinity, deprecated: "the group's ephemeralDisk", nullable: true, default: 0 }),
  /**
   * Networks of the task, which belong to the group today.
   *
   * @default - none
   */
  networks: blocks("Networks", () => Network, { hcl: "network", deprecated: "the group's networks" }),
  /**
   * Input and output operations, which Nomad ignores.
   *
   * @default - none
   */
  iops: int("IOPS", { deprecated: "nothing; Nomad ignores it", nullable: true, default: 0 }),
};

/** Properties of {@link Resources}. */
export interface ResourcesProps extends PropsOf<typeof fields> {}

/**
 * What a task needs to run.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/resources
 */
export class Resources extends blockOf({ api: "Resources", hcl: "resources" }, fields) {
  constructor(props: ResourcesProps = {}) {
    super(props);
  }
}
