import type { Readable, Writable } from "node:stream";
import type { Machine } from "../local";
import type { Environment } from "../nomad";
import type { Invocation } from "./invocation";

/** Everything that the command line takes from outside: the process gives its own, a test whatever it likes. */
export interface System {
  readonly stdin: Readable;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Environment;
  /** How the program was called, for command lines that it prints. Default: by its name alone. */
  readonly called?: Invocation;
  /** The folder that it runs in. */
  readonly cwd: string;
  readonly machine: Machine;
  readonly clock: Clock;
  /** Aborted with an Interruption. */
  readonly signal: AbortSignal;
  /** How long a server may be silent before that is said to be an error, in milliseconds. Default: as the clients have it. */
  readonly silence?: number;
  /** Shows a page in the person's browser. */
  readonly openPage: (address: string) => void;
}

/** Tells the time. */
export interface Clock {
  /** Milliseconds that went by: what lasts is measured with it, since the time of day is set back and forth. */
  now(): number;
  /** Milliseconds since 1970, for what a server says about the time of day. */
  date(): number;
}

/** A stream that is printed to, and what is known of it. */
export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number };
