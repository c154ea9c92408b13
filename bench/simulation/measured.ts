/**
 * What the model is made of: measured on a real Nomad 1.11.3 and Consul 1.20.1 by `npm run bench -- simulation costs`, and in docs/benchmarks.md. Times of
 * processors are those that a process has used, which do not depend on what else a machine does. All in milliseconds.
 */

/** What requests take of Consul's processors. */
export const CONSUL = { transaction: 0.3, change: 0.02, read: 0.245, list: 0.28, listed: 0.0035 } as const;

/** How many times longer a request takes at Consul than usual, by what its processors do meanwhile: so that bare writes come out as they were measured. */
export const CONSUL_SPREAD = { p50: 1, p99: 8 } as const;

/** What a change of a lease takes of the process that makes it, beside the request: the view, the queue, who is next. */
export const LEASES = 0.056;

/** What they take of the process that asks, before and after the answer; for a list, the view of the pool too. */
export const CLIENT = { ask: 0.12, answer: 0.13, change: 0.005, listed: 0.0046 } as const;

/** One way through a network of one datacenter. */
export const WAY = { p50: 0.15, p99: 0.6 } as const;
/** One way over loopback. */
export const LOOPBACK = { p50: 0.03, p99: 0.3 } as const;

/** What requests take of Nomad's processors. */
export const NOMAD = { read: 0.3, list: 0.4, listed: 0.012, write: 1.2, placed: 0.8 } as const;

/** From the moment that an allocation is told to stop, or is placed, until the servers know that its task runs; and what one start takes of its node. */
export const STARTED = { p50: 100, p99: 300, work: 150 } as const;
/** Until the servers know that a stopped task has ended. */
export const STOPPED = { p50: 120, p99: 300 } as const;
/** A command in an allocation. */
export const EXEC = { p50: 3.3, p99: 11.4 } as const;
/**
 * The emptying of an allocation whose driver keeps nothing apart: what it waits for, and what its shell and `grep` take of the node's processors while they
 * look at all processes of the machine twice (0.12 s of user and system time among 166 processes; a single one was done in 190 ms).
 */
export const WIPED = { p50: 70, p99: 200, work: 120 } as const;
/** How long a node may be silent before Nomad takes it for lost: its heartbeats' ttl and their grace. */
export const NODE_SILENT = 15_000;
