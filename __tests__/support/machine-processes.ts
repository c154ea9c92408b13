import { readdirSync, readFileSync } from "node:fs";

/** A process of this machine, as /proc has it. */
export interface MachineProcess {
  readonly pid: number;
  readonly command: string;
  readonly environment: string;
}

/** Every process that can be looked into; none that has ended and only waits to be asked about. */
export function machineProcesses(): readonly MachineProcess[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const read = (file: string) => readFileSync(`/proc/${name}/${file}`, "utf8").replaceAll("\0", " ");
        return / Z /.test(read("stat"))
          ? []
          : [{ pid: Number(name), command: read("cmdline"), environment: read("environ") }];
      } catch {
        return [];
      }
    });
}

/** Processes in whose command line or environment a text stands. */
export function processesWith(text: string): readonly MachineProcess[] {
  return machineProcesses().filter(({ command, environment }) => `${command} ${environment}`.includes(text));
}
