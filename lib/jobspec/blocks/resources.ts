import { block, blockOf, blocks, describe, int, type ApiObject, type Field, type PropsOf } from "../engine";
import { Cpu, mebibytes } from "../units";
import { Device } from "./device";
import { Network } from "./network";
import { Numa } from "./numa";

/** CPU and Cores are one property: a task asks for one or the other. */
const cpu: Field<Cpu, Cpu, false> = {
  kind: "special",
  api: ["CPU", "Cores"],
  required: false,
  options: {},
  encode(value, out: ApiObject) {
    if (value.mhz !== undefined) out.CPU = value.mhz;
    if (value.cores !== undefined) out.Cores = value.cores;
  },
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
    const { mhz, cores } = value;
    if (mhz && cores)
      at.error("resources/cpu-and-cores", "asks for MHz and for cores; write one: Cpu.mhz(…) or Cpu.cores(…)");
    if (mhz !== undefined && !cores && !(Number.isInteger(mhz) && mhz >= 1))
      at.error("field/range", `${mhz} MHz is out of range; write Cpu.mhz(1) or more`);
    if (cores !== undefined && !(Number.isInteger(cores) && cores >= 0))
      at.error("field/range", `${cores} cores is out of range; write Cpu.cores(1) or more`);
  },
};

const fields = {
  /**
   * A share in MHz, or cores of its own.
   *
   * @default Cpu.mhz(100)
   */
  cpu,
  /**
   * Memory that is reserved, and the limit where no `memoryMax` is set.
   *
   * @default Memory.mebibytes(300)
   */
  memory: mebibytes("MemoryMB", { min: 10 }),
  /**
   * The limit, where it is above what is reserved. It counts only where the cluster's scheduler allows
   * memory oversubscription; -1 MiB means no limit.
   *
   * @default - the same as memory
   */
  memoryMax: mebibytes("MemoryMaxMB", { min: -1 }),
  /**
   * Size of the secrets directory.
   *
   * @default Memory.mebibytes(1)
   */
  secrets: mebibytes("SecretsMB"),
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
  disk: mebibytes("DiskMB", { deprecated: "the group's ephemeralDisk" }),
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
  iops: int("IOPS", { deprecated: "nothing; Nomad ignores it" }),
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
