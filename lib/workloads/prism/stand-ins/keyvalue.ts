import { introduce, log, onStop, readFlags } from "./flags";

/** Stands in for keyvalue-runner: it runs, and says for whom it would work. */
const flags = readFlags({ "proxy-addr": "", config: "" });
introduce("keyvalue-runner");
log(
  flags["proxy-addr"]
    ? `would serve the proxy at ${flags["proxy-addr"]}`
    : `would serve the namespaces of ${flags.config}`,
);

const idle = setInterval(() => undefined, 60_000);
onStop(() => clearInterval(idle));
