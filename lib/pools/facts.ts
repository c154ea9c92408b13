/** What is known of the pools without a client. */

/** The port of a service that nobody gives another one: of its job, of `cdk-nomad serve`, and where clients look for it. */
export const SERVICE_PORT = 8790;
