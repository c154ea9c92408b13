import { Cpu } from "../jobspec";

/** What a core is counted as where a share of one is asked for: Nomad counts MHz. */
const MHZ_PER_CORE = 1000;

/** A share of a core, such as 0.5. */
export function coreShare(cores: number): Cpu {
  return Cpu.mhz(Math.round(cores * MHZ_PER_CORE));
}
