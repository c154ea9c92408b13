import { ANYTHING, NUMBER, OBJECT, oneOfTexts, required, TEXT, type PropKinds } from "../../jobspec/host";
import type { ConsulClient, NomadClient } from "../../nomad";
import type { Executor, Place } from "../execution";
import type { PoolJob } from "../jobs";
import type { ClaimOptions, Clock, Lease, LeaseSettings } from "../leases";
import type { Store } from "../store";

/** What a {@link WarmPool} is made of. */
export interface WarmPoolOptions {
  /** The Nomad that has the pool's jobs. */
  readonly nomad: NomadClient;
  /** Whose checks say that a container is healthy. Default: none; then what runs, and answers a first command, is healthy. */
  readonly consul?: ConsulClient;
  /** Where the leases are kept: whoever has the same store and the same name of the pool shares the pool. */
  readonly store: Store;
  /** What runs commands in the containers. */
  readonly executor: Executor;
  /** The pool's name, such as `warm-pool-openai`. */
  readonly pool: string;
  /**
   * The pool's job. Where it is given, {@link WarmPool.start} registers it if it is not there, and makes it the generation that gives out
   * containers. Default: the job that is there, which somebody else deploys.
   */
  readonly job?: PoolJob;
  /** The fewest containers. Default: as many as the job has. */
  readonly min?: number;
  /** The most containers; between both, the size follows the demand. Default: as many as the job has. */
  readonly max?: number;
  /** How old a container may become before it is replaced, in milliseconds. Default: 24 hours. */
  readonly maxAge?: number;
  /** How long a container that runs may be unhealthy in one piece before it is replaced, in milliseconds. Default: 120,000. */
  readonly healthyWithin?: number;
  /**
   * What becomes of a container that was released: `replace`, it is stopped and Nomad starts another; or `same-owner`, it is emptied and kept
   * by the manager that it was released to, for the same user's next claim there, for a minute, or until somebody else waits. Default: `replace`
   */
  readonly reuse?: "replace" | "same-owner";
  /** How leases are kept. Default: as {@link LeaseSettings} says. */
  readonly leases?: LeaseSettings;
  /** Told of what went wrong and is tried again. Default: nobody is told. */
  readonly onTrouble?: (message: string) => void;
  /** Default: the clock of this process. */
  readonly clock?: Clock;
  /** Numbers from 0 to 1, by which managers do not do the same at the same moment. Default: Math.random. */
  readonly random?: () => number;
}

/** The kinds of a warm pool's options; what a function or a figure may be is judged where it is used. */
export const WARM_POOL: PropKinds<WarmPoolOptions> = {
  nomad: required(OBJECT),
  consul: OBJECT,
  store: required(OBJECT),
  executor: required(OBJECT),
  pool: required(TEXT),
  job: OBJECT,
  min: NUMBER,
  max: NUMBER,
  maxAge: NUMBER,
  healthyWithin: NUMBER,
  reuse: oneOfTexts("replace", "same-owner"),
  leases: OBJECT,
  onTrouble: ANYTHING,
  clock: OBJECT,
  random: ANYTHING,
};

/** A container that somebody has leased. */
export interface LeasedContainer {
  /** What proves that it is leased: kept as a password is. */
  readonly lease: Lease;
  /** Where commands are run: its allocation and its task. */
  readonly place: Place;
  /** The job that it belongs to. */
  readonly job: string;
  /** The evaluation that placed it. */
  readonly evaluation: string;
  /** When it was placed, in milliseconds since 1970, by the clock of Nomad's servers. */
  readonly created: number;
}

/** What is claimed, and for whom. */
export interface WarmPoolClaim extends Omit<ClaimOptions, "slot"> {}

/** How a pool does, as this manager sees it. */
export interface WarmPoolStatus {
  /** The pool's name. */
  readonly pool: string;
  /** Containers that could be claimed now. */
  readonly free: number;
  /** Containers that somebody holds. */
  readonly leased: number;
  /** Containers that are on their way: starting, or being replaced. */
  readonly coming: number;
  /** How many it is to have. */
  readonly target: number;
  /** Callers that wait, at every manager. */
  readonly queue: number;
  /** Whether it takes no new leases. */
  readonly draining: boolean;
  /** What keeps commands apart; undefined where the pool has no job. */
  readonly isolation: Place["isolation"] | undefined;
  /** The pool's jobs: that which gives out containers, and those that go with their last leases. */
  readonly generations: readonly {
    readonly job: string;
    readonly isCurrent: boolean;
    /** How many containers it is to have. */
    readonly count: number;
    /** Of its containers that are not over. */
    readonly containers: number;
    readonly leased: number;
  }[];
  /** Managers that are there. */
  readonly managers: readonly string[];
  /** Whether all of this is known as it is now: false while Nomad, Consul or the store does not answer. */
  readonly upToDate: boolean;
}
