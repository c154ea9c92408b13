/** What is known of the service without one. */

/** What a token may do. */
export const SCOPES = ["execute", "claim", "read", "admin", "environments", "promote", "any-owner"] as const;

/**
 * `execute`: run commands; `claim`: claim, renew and release containers; `read`: see containers, pools and metrics; `admin`: drain, fill, recycle and resize pools;
 * `environments`: see what became of the jobs of stacks, and what their tasks wrote; `promote`: promote canaries; `any-owner`: do all that for other owners
 * than its own.
 */
export type Scope = (typeof SCOPES)[number];

/** Where the service listens, unless it is told otherwise: at this machine alone. */
export const LISTEN = "127.0.0.1";

/** Where leases are kept; the first is the default. */
export const STORES = ["consul", "nomad"] as const;

/** How a command is run that no container is free for; the first is the default. */
export const RUNTIMES = ["docker", "exec", "raw_exec"] as const;

/** What becomes of a container that was released; the first is the default. */
export const REUSES = ["replace", "same-owner"] as const;

/** How many commands run at once by default, of one owner and of all together. */
export const COMMANDS = { ofOwner: 50, ofAll: 200 } as const;

/**
 * How long commands may take to end by themselves once a service was told to stop, where nobody says it, in milliseconds. Nomad's own patience is that of the
 * service's job.
 */
export const GRACE = 25_000;
