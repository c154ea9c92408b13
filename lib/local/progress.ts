/** Tells somebody what takes its time. Whoever prints decides how. */
export interface Progress {
  /** What is being done now; replaces what was said before. */
  step(text: string): void;
  /** How far that is. */
  detail(text: string): void;
  /** What is done: stays to be read. */
  done(text: string): void;
  /** What somebody should know before it happens: stays to be read. */
  note(text: string): void;
}

/** Tells nobody. */
export const SILENT: Progress = {
  step: () => undefined,
  detail: () => undefined,
  done: () => undefined,
  note: () => undefined,
};
