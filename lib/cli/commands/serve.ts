import { SERVICE_PORT } from "../../pools/facts";
import { GRACE } from "../../service/facts";
import { term } from "../../text";
import { choice, command, flag, value, values, type ValuesOf } from "../command";
import { EXIT } from "../exit-codes";
import { duration, wholeNumber } from "../options";

/** After its commands have ended: closing connections, handing leases over; in milliseconds. */
const LAST_STEPS = 10_000;

const options = {
  listen: value("address", "where it listens, also POOL_SERVICE_LISTEN; 127.0.0.1 where nothing is said"),
  port: value("number", `its port, also POOL_SERVICE_PORT; ${SERVICE_PORT} where nothing is said`, wholeNumber),
  pool: values("name", "a pool that it serves, also POOL_SERVICE_POOLS with commas between them"),
  slotPool: values(
    "name",
    "a slot pool that it serves, also POOL_SERVICE_SLOT_POOLS with commas between them: its slots are claimed as containers are",
  ),
  register: flag(
    "register the slot pool that TERMINAL_NOMAD_JOB_ID names, as the variables TERMINAL_NOMAD_… say it, where nobody has deployed it",
  ),
  tokens: value("file", "the tokens that it knows, in a file of mode 600; also POOL_SERVICE_TOKENS"),
  tokensVariable: value("path", "the same in a Nomad variable; also POOL_SERVICE_TOKENS_VARIABLE"),
  noToken: flag("ask for no token; on 127.0.0.1 only"),
  store: value(
    "store",
    "where leases are kept, consul or nomad; also POOL_SERVICE_STORE; consul where nothing is said",
  ),
  runtime: value(
    "driver",
    "how commands are run that no container is free for: docker, exec or raw_exec; also POOL_SERVICE_RUNTIME; docker where nothing is said",
  ),
  reuse: value(
    "what",
    "what becomes of a container that was released: replace, or same-owner (emptied for its owner's next command); also POOL_SERVICE_REUSE; replace where nothing is said",
  ),
  name: values(
    "name",
    "a name by which browsers reach its page, beside addresses and localhost; also POOL_SERVICE_NAMES",
  ),
  auditLog: value(
    "file",
    "where a line of JSON is appended for each change: who, what, to which, when; also POOL_SERVICE_AUDIT_LOG. It is in the log where nothing is said",
  ),
  browsers: value(
    "number",
    "how many browser sessions there may be at once, 1 to 254; also POOL_SERVICE_BROWSERS; none where nothing is said",
    wholeNumber,
  ),
  browserFolder: value(
    "folder",
    "where the nodes have the system that npm run browser-image makes; also POOL_SERVICE_BROWSER_FOLDER; /var/lib/cdk-nomad/browser where nothing is said",
  ),
  browserAllow: values(
    "place",
    "what browsers may reach beside public addresses: a name, an address or a network, such as login.corp, login.corp:8443 or 10.1.0.0/16; also POOL_SERVICE_BROWSER_ALLOW with commas between them; nothing where nothing is said",
  ),
  grace: value("duration", "how long commands may take to end once it is told to stop, such as 25s", duration),
  logLevel: choice("level", "how much is logged, a line of JSON each", ["debug", "info", "warn", "error"], "info"),
  commandsOfOwner: value(
    "number",
    "how many commands of one owner run at once; 50 where nothing is said. Of all together 200 do",
    wholeNumber,
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
