/** How much of a synthesized program is read before it is refused. */
export interface ReadingLimits {
  /** Bytes of one file. */
  readonly fileBytes: number;
  /** How deep values are nested, in a file and in the text of a job. */
  readonly depth: number;
  /** Resources of a stack. */
  readonly resources: number;
  /** Variables of a stack. */
  readonly variables: number;
  /** Jobs of a stack: each of them is a request to Nomad. */
  readonly jobs: number;
  /** Characters of a job as JSON. */
  readonly jobLength: number;
  /** Characters that the templates of a stack read and write, all together; what takes longer for each counts more. */
  readonly evaluated: number;
  /** Allocations that a job asks for, all groups together: Nomad's scheduler makes a plan of each. */
  readonly allocations: number;
  /** Configuration entries of Consul: each of them is a request. */
  readonly entries: number;
  /** Keys of Consul's KV store, all prefixes together. */
  readonly keys: number;
}

/** What the project's own program may write: only what a computer can read. */
export const OWN_LIMITS: ReadingLimits = {
  fileBytes: 512 * 1024 * 1024,
  depth: 500,
  resources: Number.POSITIVE_INFINITY,
  variables: Number.POSITIVE_INFINITY,
  jobs: Number.POSITIVE_INFINITY,
  jobLength: Number.POSITIVE_INFINITY,
  evaluated: 4 * 1024 ** 3,
  allocations: Number.POSITIVE_INFINITY,
  entries: Number.POSITIVE_INFINITY,
  keys: Number.POSITIVE_INFINITY,
};

/** What somebody else's program may write, such as that of a pull request: ten times what large programs need. */
export const FOREIGN_LIMITS: ReadingLimits = {
  fileBytes: 16 * 1024 * 1024,
  depth: 64,
  resources: 2_000,
  variables: 500,
  jobs: 500,
  jobLength: 1024 * 1024,
  evaluated: 256 * 1024 * 1024,
  allocations: 10_000,
  entries: 500,
  keys: 5_000,
};
