/** What is known of the pools without a client. */

/** The port of a service by default: of its job, of `cdk-nomad serve`, and where clients look for it. */
export const SERVICE_PORT = 8790;

/** Where nodes have the system of a browser's machine, unless its job says otherwise; `npm run browser-image` makes it. */
export const BROWSER_FOLDER = "/var/lib/cdk-nomad/browser";
