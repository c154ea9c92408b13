import { term } from "../../text";
import { command, flag, orElse, value, type ValuesOf } from "../command";
import { EXIT } from "../exit-codes";
import { port } from "../options";

const options = {
  nomad: flag("open Nomad's own web UI, logged in where the embedded cluster asks for tokens"),
  service: flag("open the page of the pools' service that POOL_SERVICE_ADDR names"),
  print: flag("only say where Nomad's and Consul's web UIs are"),
  port: orElse(value("number", "the page's port on 127.0.0.1", port), { fallback: "any that is free" }),
  json: flag(
    "open nothing, and print one JSON value: the page's address, and one that opens it once; with --nomad or --print those of the web UIs",
  ),
};

/** What it takes of the command line. */
export type Input = ValuesOf<typeof options>;

/** Opens a page about the environments and the pools of the cluster, which it serves itself; or another one that there is. */
export const ui = command({
  name: "ui",
  summary: "open a page about the environments and pools of the cluster; --nomad opens Nomad's own web UI",
  options,
  examples: ["cdk-nomad ui", "cdk-nomad ui --nomad", "cdk-nomad ui --print"],
  exitCodes: { [EXIT.ok]: "it was opened, or its address is printed; the page that it serves itself was ended" },
  interrupted: term`nothing was changed`,
  lettingGo: 5000,
  run: (input, context) => (require("./run/ui") as typeof import("./run/ui")).run(input, context),
});
