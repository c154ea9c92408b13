/** A place in what a task wrote: Nomad keeps it in files that follow one another by their numbers. */
export interface LogPosition {
  readonly file: number;
  /** Bytes from the beginning of the file. */
  readonly offset: number;
}

/** A place as an address has it. */
export function positionText({ file, offset }: LogPosition): string {
  return `${file}.${offset}`;
}

/** The same, read; undefined where it is none. */
export function readPosition(text: string): LogPosition | undefined {
  const [, file, offset] = /^(\d{1,9})\.(\d{1,15})$/.exec(text) ?? [];
  return file === undefined || offset === undefined ? undefined : { file: Number(file), offset: Number(offset) };
}

/** Whether a place is before another one. */
export function isBefore(a: LogPosition, b: LogPosition): boolean {
  return a.file < b.file || (a.file === b.file && a.offset < b.offset);
}
