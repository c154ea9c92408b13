import { BROWSER_FOLDER, SERVICE_PORT } from "../../pools/facts";
import { COMMANDS, GRACE, LISTEN, REUSES, RUNTIMES, STORES } from "../../service/facts";
import { term } from "../../text";
import { choice, command, flag, orElse, value, values, type ValuesOf } from "../command";
import { EXIT } from "../exit-codes";
import { duration, port, wholeNumber } from "../options";

/** After its commands have ended: closing connections, handing leases over; in milliseconds. */
const LAST_STEPS = 10_000;

const options = {
  listen: orElse(value("address", "where it listens"), { variable: "POOL_SERVICE_LISTEN", fallback: LISTEN }),
  port: orElse(value("number", "its port", port), {
    variable: "POOL_SERVICE_PORT",
    fallback: String(SERVICE_PORT),
  }),
  pool: orElse(values("name", "a pool that it serves"), { variable: "POOL_SERVICE_POOLS" }),
  slotPool: orElse(values("name", "a slot pool that it serves: its slots are claimed as containers are"), {
    variable: "POOL_SERVICE_SLOT_POOLS",
  }),
  register: flag(
    "register the slot pool that TERMINAL_NOMAD_JOB_ID names, as the variables TERMINAL_NOMAD_… say it, where nobody has deployed it",
  ),
  tokens: orElse(value("file", "the tokens that it knows, in a file of mode 600"), { variable: "POOL_SERVICE_TOKENS" }),
  tokensVariable: orElse(value("path", "the tokens that it knows, in a Nomad variable"), {
    variable: "POOL_SERVICE_TOKENS_VARIABLE",
  }),
  noToken: flag("ask for no token; on 127.0.0.1 only"),
  store: orElse(value("store", "where leases are kept: consul or nomad"), {
    variable: "POOL_SERVICE_STORE",
    fallback: STORES[0],
  }),
  runtime: orElse(value("driver", `how commands are run that no container is free for: ${RUNTIMES.join(", ")}`), {
    variable: "POOL_SERVICE_RUNTIME",
    fallback: RUNTIMES[0],
  }),
  reuse: orElse(
    value(
      "what",
      "what becomes of a container that was released: replace, or same-owner (emptied for its owner's next command)",
    ),
    { variable: "POOL_SERVICE_REUSE", fallback: REUSES[0] },
  ),
  name: orElse(values("name", "a name by which browsers reach its page, beside addresses and localhost"), {
    variable: "POOL_SERVICE_NAMES",
  }),
  auditLog: orElse(value("file", "where a line of JSON is appended for each change: who, what, to which, when"), {
    variable: "POOL_SERVICE_AUDIT_LOG",
    fallback: "the log",
  }),
  browsers: orElse(value("number", "how many browser sessions there may be at once, 1 to 254", wholeNumber), {
    variable: "POOL_SERVICE_BROWSERS",
    fallback: "none",
  }),
  browserFolder: orElse(value("folder", "where the nodes have the system that npm run browser-image makes"), {
    variable: "POOL_SERVICE_BROWSER_FOLDER",
    fallback: BROWSER_FOLDER,
  }),
  browserAllow: orElse(
    values(
      "place",
      "what browsers may reach beside public addresses: a name, an address or a network, such as login.corp, login.corp:8443 or 10.1.0.0/16",
    ),
    { variable: "POOL_SERVICE_BROWSER_ALLOW" },
  ),
  grace: orElse(value("duration", "how long commands may take to end once it is told to stop", duration), {
    fallback: `${GRACE / 1000}s`,
  }),
  logLevel: choice("level", "how much is logged, a line of JSON each", ["debug", "info", "warn", "error"], "info"),
  commandsOfOwner: orElse(
    value("number", `how many commands of one owner run at once; of all together ${COMMANDS.ofAll} do`, wholeNumber),
    { fallback: String(COMMANDS.ofOwner) },
  ),
  withParent: flag("stop once standard input ends: for a program that starts it as its child, and may be killed"),
  json: flag(
    "once it listens, print one JSON value on stdout with its address and pools, also of an error; the log goes to stderr then",
  ),
};

/** What it takes of the command line. */
export type Input = ValuesOf<typeof options>;

/** The pools' HTTP service. It keeps nothing that another one would miss. */
export const serve = command({
  name: "serve",
  summary: "serve the pools over HTTP: claim, execute, release; it keeps no state of its own",
  options,
  examples: [
    "cdk-nomad serve --pool warm-pool-openai --no-token",
    "cdk-nomad serve --slot-pool hermes-sandbox --register --no-token",
    "cdk-nomad serve --listen 0.0.0.0 --port 8790 --pool warm-pool-openai --tokens-variable nomad/jobs/pool-service",
  ],
  exitCodes: { [EXIT.ok]: "it was told to stop, and has" },
  interrupted: term`leases stand for their time, and another service serves them: cdk-nomad serve`,
  lettingGo: GRACE + LAST_STEPS,
  run: (input, context) => (require("./run/serve") as typeof import("./run/serve")).run(input, context),
});
