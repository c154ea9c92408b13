/** What is known of the service without one. */

/** What a token may do. */
export const SCOPES = ["execute", "claim", "read", "admin", "environments", "promote", "any-owner"] as const;

/**
 * `execute`: run commands; `claim`: claim, renew and release containers; `read`: see containers, pools and metrics; `admin`: drain, fill, recycle and resize pools;
 * `environments`: see what became of the jobs of stacks, and what their tasks wrote; `promote`: promote canaries; `any-owner`: do all that for other owners
 * than its own.
 */
export type Scope = (typeof SCOPES)[number];

/**
 * How long commands may take to end by themselves once a service was told to stop, where nobody says it, in milliseconds. Nomad's own patience is that of the
 * service's job.
 */
export const GRACE = 25_000;
