/** Tells when something about a job may have changed; what it is, the server is asked. */
export interface Changes {
  /**
   * Waits for the next change of a job, or for a while: whoever waits looks again either way.
   *
   * @param watcher who asks: what comes while they do not wait is kept for each. Default: the job, of which one watcher is meant; in two namespaces there are two
   */
  next(job: string, signal?: AbortSignal, watcher?: string): Promise<void>;
  close(): void;
}

/** What watching for changes takes. */
export interface ChangesOptions {
  /** Called with what is going on where the cluster cannot be watched as usual. */
  readonly onTrouble?: (text: string) => void;
  readonly signal?: AbortSignal;
}
