/** A connection to the screen of a machine: bytes of the protocol RFB in both directions. */
export interface ScreenStream {
  /** Writes to it. @returns when the connection has taken it */
  write(data: Uint8Array): Promise<void>;
  /** Says that nothing more is written. */
  end(): Promise<void>;
  /** What comes from it, to its end. */
  readonly stdout: AsyncIterable<Uint8Array>;
  /** Settles when it has ended; rejected where it was lost. */
  readonly exitCode: Promise<number>;
  /** Lets go of it. */
  close(): void;
}
