/** Tells somebody how far something is that takes its time. Whoever prints it decides how it looks. */
export interface Progress {
  /** What is being done now; replaces what was said before. */
  step(text: string): void;
  /** How far the step is; replaces what was said before. */
  detail(text: string): void;
  /** What is done; it stays to be read. */
  done(text: string): void;
  /** What somebody should know before it happens; it stays to be read. */
  note(text: string): void;
}

/** A progress that nobody is told of. */
export const SILENT: Progress = {
  step: () => undefined,
  detail: () => undefined,
  done: () => undefined,
  note: () => undefined,
};
