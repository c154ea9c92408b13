/** What a command, a request and an answer may take. Every one can be set on the command line of the server. */
export interface Limits {
  /** Characters of each stream of a command that an answer keeps. */
  readonly output: number;
  /** Bytes of a file that read_file gives and write_file takes. */
  readonly file: number;
  /** Bytes of an artifact, or of an archive of them. */
  readonly artifact: number;
  /** Entries of a list, or files of an archive. */
  readonly entries: number;
  /** Processes and threads of a slot at a time; counted where the slot has a user or a user namespace of its own. */
  readonly processes: number;
  /** Open files of a process. */
  readonly openFiles: number;
  /** MiB that one process may allocate; what all of them may is the task's memory. */
  readonly memory: number;
  /** MiB of one file that a command writes. */
  readonly fileSize: number;
  /** Bytes of a request's body. */
  readonly body: number;
  /** Bytes of all bodies that are being read or worked on. */
  readonly bodies: number;
  /** Connections at a time. */
  readonly connections: number;
  /** Seconds until a request must have come whole. */
  readonly requestTime: number;
  /** Requests that wait for one slot. */
  readonly waiting: number;
  /** Requests of a batch. */
  readonly batch: number;
}

/** The limits that stand where nobody says another: the first four are those of Hermes' own server. */
export const LIMITS: Limits = {
  output: 50_000,
  file: 100_000,
  artifact: 5_000_000,
  entries: 5_000,
  processes: 512,
  openFiles: 4096,
  memory: 2048,
  fileSize: 1024,
  body: 16 * 1024 * 1024,
  bodies: 128 * 1024 * 1024,
  connections: 2000,
  requestTime: 30,
  waiting: 64,
  batch: 256,
};
