import type {
  ExecuteOptions,
  ExecutionResult,
  Lease,
  Provider,
  RuntimeProgress,
  WarmPoolClaim,
  WarmPoolStatus,
} from "../pools";

/**
 * The lease of a container, as the service has it. The container's id is the lease's slot: the id of an allocation, or of a slot pool
 * `<allocation>.<slot>`.
 */
export interface ContainerLease {
  readonly lease: Lease;
  /** What keeps its commands apart from those of others on the same machine; undefined where nobody here has asked it. */
  readonly isolation: ExecutionResult["isolation"] | undefined;
}

/** `warm`: containers that wait, leased one by one; `slots`: sandboxes that several tasks share. */
export type PoolKind = "warm" | "slots";

/** How a pool does. Where it is not `upToDate`, that is how it did when something was last known of it. */
export interface PoolFigures extends Pick<
  WarmPoolStatus,
  "pool" | "free" | "leased" | "coming" | "target" | "queue" | "draining" | "upToDate"
> {}

/** Something that the service needs, and whether it answers. */
export interface Dependency {
  /** `Nomad`, `Consul`. */
  readonly name: string;
  /** What is wrong, in a sentence without addresses or tokens; undefined where it answers. */
  readonly trouble: string | undefined;
}

/**
 * What a claim asks for. `standing`: for how long the lease stands from the last call that renewed it, in milliseconds, whichever service that was,
 * so that nobody needs to remember it; otherwise this process renews it until it is released.
 */
export interface ContainerClaim extends Pick<WarmPoolClaim, "owner" | "standing" | "signal"> {
  /** How long to wait where none is free, in milliseconds. 0: not at all, the answer is at once. */
  readonly wait: number;
}

/** A command that is run once, with no container of a pool: the cold road. */
export interface ColdRun extends Omit<ExecuteOptions, "cwd"> {
  readonly owner: string;
  readonly provider: Provider;
  readonly command: string;
  /** How long the job may take to start, in milliseconds. */
  readonly startTimeout?: number;
  /** Told, once for each change, what it waits for until its command runs: a node that takes its job, or its task. */
  readonly onProgress?: (waitsFor: RuntimeProgress["waitsFor"]) => void;
}

/**
 * What the service asks of the pools, and all that it asks: the managers of `lib/pools` answer it in a cluster ({@link clusterPools}), and tests
 * of the routes answer it themselves. It keeps nothing between two calls that another process would miss.
 */
export interface Pools {
  /** The names of the pools that are served. */
  readonly names: readonly string[];
  /** What kind of pool has a name, also one that is not served; undefined where there is none, or that is not known just now. Never throws. */
  kindOf(pool: string): Promise<PoolKind | undefined>;
  /** The pool of a provider's containers, or undefined where none of those served is one. */
  poolOf(provider: Provider): string | undefined;
  /**
   * Takes a free container.
   *
   * @throws PoolBusyError where none is free in time
   */
  claim(pool: string, options: ContainerClaim): Promise<ContainerLease>;
  /** The lease that stands on a container, read from the store; undefined where there is none. */
  find(container: string): Promise<ContainerLease | undefined>;
  /**
   * Says that a lease is still wanted: it stands for its ttl again.
   *
   * @throws LeaseEndedError
   */
  renew(lease: Lease): Promise<void>;
  /**
   * Runs a command in a leased container; the lease is renewed while it runs.
   *
   * @throws LeaseEndedError where the lease is over before the command began; ExecutionLostError where its place ended under it
   */
  execute(container: ContainerLease, command: string, options: ExecuteOptions): Promise<ExecutionResult>;
  /** Ends a lease. Its container is replaced or emptied before anybody else has it. */
  release(lease: Lease): Promise<void>;
  /** Every lease that stands, of every pool that is served. */
  list(): Promise<readonly ContainerLease[]>;
  /** How the pools do. */
  stats(): Promise<readonly PoolFigures[]>;
  /** A pool takes no new leases until it is filled again; what is free ends, and those that stand go on. @returns how many those are */
  drain(pool: string): Promise<number>;
  /** A pool that was drained takes leases again, and has the size that it had. One that was not drained stays as it is. */
  fill(pool: string): Promise<void>;
  /** Gives a pool a size of its own, until its job changes: 0 to 100 containers. */
  resize(pool: string, containers: number): Promise<void>;
  /** Every container of a pool is replaced: free ones now, leased ones when they are released. @returns how many are replaced now */
  recycle(pool: string): Promise<number>;
  /** Runs a command in a job of its own and takes the job away. @throws RuntimeFailedError where the job does not start */
  runOnce(run: ColdRun): Promise<ExecutionResult & { readonly job: string }>;
  /** What is needed, and whether it answers. */
  dependencies(): Promise<readonly Dependency[]>;
  /** Lets go of every connection; leases stay as they stand in the store. */
  close(): Promise<void>;
}
