/** Tells when something about a job may have changed; what it is, the server is asked. */
export interface Changes {
  /** Waits for the next change of a job, or for a while: whoever waits looks again either way. */
  next(job: string, signal?: AbortSignal): Promise<void>;
  close(): void;
}

/** What watching for changes takes. */
export interface ChangesOptions {
  /** Called with what is going on where the cluster cannot be watched as usual. */
  readonly onTrouble?: (text: string) => void;
  readonly signal?: AbortSignal;
}
