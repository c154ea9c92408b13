import { ANYTHING, NUMBER, OBJECT, required, TEXT, type PropKinds } from "../../jobspec/host";
import type { NomadClient } from "../../nomad";
import type { ExecuteOptions, ExecutionResult, Place } from "../execution";
import type { SlotPoolJob } from "../jobs";
import type { Clock, Lease, LeaseSettings } from "../leases";
import type { Store } from "../store";
import type { SandboxState } from "./pooled-sandbox";

/** What a {@link SlotPool} is made of: what every one has, and which pool it is, by its job or by its name. */
export type SlotPoolOptions = SlotPoolCommon & (SlotPoolByJob | SlotPoolByName);

/** A slot pool that is meant by a job of it: the pool that the job says it is of, or the job's id where it says of none. */
export interface SlotPoolByJob {
  /**
   * The job of the sandboxes, which is registered where nobody has deployed one of its pool; or the id of one that is there. A newer generation of its pool
   * takes its place, whoever brings it.
   */
  readonly job: SlotPoolJob | string;
  /** Never given, by default and otherwise: the job says it. */
  readonly pool?: undefined;
}

/** A slot pool that is meant by its name: one that somebody has deployed. */
export interface SlotPoolByName {
  /** The pool's name. */
  readonly pool: string;
  /** Never given, by default and otherwise: the pool has been deployed. */
  readonly job?: undefined;
}

/** How a {@link SlotPool} is run, whichever pool it is. */
export interface SlotPoolCommon {
  /** The Nomad that has the sandboxes. */
  readonly nomad: NomadClient;
  /** Where the leases are kept: whoever has the same store and the same name of the pool shares the pool. */
  readonly store: Store;
  /** The group of the sandboxes. Default: `sandbox`. */
  readonly group?: string;
  /** The task in which the server runs. Default: `sandbox-server`. */
  readonly task?: string;
  /** The label of the port that it listens on. Default: `http`. */
  readonly port?: string;
  /** The fewest sandboxes. Default: what the group's `scaling` block says; 1 where it has none. */
  readonly min?: number;
  /** The most sandboxes. Default: what the group's `scaling` block says; 10 where it has none. */
  readonly max?: number;
  /** Slots of one sandbox, for its size as long as none has answered. Default: the job's meta `slots`; 10 where it has none. */
  readonly slots?: number;
  /**
   * The token that the sandboxes ask for; what reads it, for each a token of its own; `null` for sandboxes that ask for none.
   *
   * @default - it is read by a command in the sandbox's own allocation, which needs the capability `alloc-exec`
   */
  readonly token?: string | ((place: Place) => Promise<string | undefined>) | null;
  /** After how many milliseconds without need a sandbox is taken away. Default: 60,000. */
  readonly idle?: number;
  /** Milliseconds between two questions of how a sandbox does. Default: 5,000. */
  readonly checkInterval?: number;
  /** After how many milliseconds without an answer a sandbox is given up, with what runs in it. Default: 15,000. */
  readonly silence?: number;
  /** How leases are kept. Default: as {@link LeaseSettings} says; the manager's name is `slot-pool`. */
  readonly leases?: LeaseSettings;
  /** Told of what went wrong and is tried again. Never with a secret. Default: nobody is told. */
  readonly onTrouble?: (message: string) => void;
  /** Default: the clock of this process. */
  readonly clock?: Clock;
}

/** The kinds of a slot pool's options; which pool it is, and what a function may be, is judged where it is used. */
export const SLOT_POOL: PropKinds<SlotPoolCommon & { readonly job?: unknown; readonly pool?: unknown }> = {
  nomad: required(OBJECT),
  store: required(OBJECT),
  job: ANYTHING,
  pool: ANYTHING,
  group: TEXT,
  task: TEXT,
  port: TEXT,
  min: NUMBER,
  max: NUMBER,
  slots: NUMBER,
  token: ANYTHING,
  idle: NUMBER,
  checkInterval: NUMBER,
  silence: NUMBER,
  leases: OBJECT,
  onTrouble: ANYTHING,
  clock: OBJECT,
};

/** How a slot is acquired. */
export interface AcquireOptions {
  /** How long it may take, waiting in the queue and starting a sandbox included, in milliseconds from now. Default: 120,000. */
  readonly timeout?: number;
  /** Gives up the place in the queue, or the slot that is just being leased. Default: nobody does. */
  readonly signal?: AbortSignal;
  /**
   * For how long the lease stands from the claim and from each `book.renew(lease)`, in milliseconds, whichever manager that is of: then no manager renews it. Default: this
   * one renews it until it is released.
   */
  readonly standing?: number;
  /** Whether to wait in the queue where no slot is free. Default: true. */
  readonly queue?: boolean;
}

/** A slot that is leased: a plain value, which may be sent to another process and used there. Which slot it is, its lease says: {@link sandboxSlotOf}. */
export interface SlotHandle {
  /** What proves that the slot is leased: kept as a password is. */
  readonly lease: Lease;
  /** What keeps its commands apart from those of other slots. */
  readonly isolation: ExecutionResult["isolation"];
}

/** A tool of the sandbox's server, with its arguments: `bash`, `bash_stateful`, `read_file`, `write_file`. */
export interface ToolCall {
  /** The tool's name. */
  readonly tool: string;
  /** What it is called with. Default: nothing. */
  readonly args?: Readonly<Record<string, unknown>>;
}

/** One command of a batch. */
export interface BatchItem {
  /** The slot that it is run in. */
  readonly handle: SlotHandle;
  /** A line of shell, or a tool. */
  readonly command: string | ToolCall;
  /** How it is run. Default: as {@link ExecuteOptions} says. */
  readonly options?: ExecuteOptions;
}

/** How a command of a batch ended: with a result, or with the error that `execute` would have thrown. */
export type BatchResult =
  | { readonly result: ExecutionResult; readonly error?: undefined }
  | { readonly result?: undefined; readonly error: Error };

/** How a sandbox of a pool does. */
export interface SandboxStatus {
  /** The id of its allocation. */
  readonly allocation: string;
  /** The job that it is of. */
  readonly job: string;
  /** The number in the allocation's name. */
  readonly number: number;
  /** Whether it can be leased of, and why not. */
  readonly state: SandboxState;
  /** How many slots it has; 0 as long as it has not answered. */
  readonly slots: number;
  /** How many of them somebody has. */
  readonly leased: number;
  /** How many of them are being emptied. */
  readonly ending: number;
  /** What keeps the commands of its slots apart. */
  readonly isolation: ExecutionResult["isolation"];
}

/** A slot pool as this manager sees it. */
export interface SlotPoolStatus {
  /** The pool's name. */
  readonly pool: string;
  /** The job that slots are leased of. */
  readonly job: string;
  /** The pool's jobs that Nomad has: old ones take no new leases, and go with their last. */
  readonly generations: readonly {
    readonly job: string;
    readonly isCurrent: boolean;
    /** How many sandboxes it is to have. */
    readonly count: number;
    /** Of its sandboxes that run. */
    readonly sandboxes: number;
    readonly leased: number;
  }[];
  /** The fewest sandboxes that it may have. */
  readonly min: number;
  /** The most sandboxes that it may have. */
  readonly max: number;
  /** How many sandboxes the job is to have, as it was read last. */
  readonly count: number;
  /** The sandboxes that are there, of all generations. */
  readonly sandboxes: readonly SandboxStatus[];
  /** Slots that may be leased now. */
  readonly free: number;
  /** Slots that somebody has. */
  readonly leased: number;
  /** Slots that are being emptied. */
  readonly ending: number;
  /** Callers that wait, at every manager. */
  readonly queue: number;
  /** Managers that are there, by their ids. */
  readonly managers: readonly string[];
  /** Whether the view of the leases is kept up. */
  readonly upToDate: boolean;
}
