import { term } from "../../text";
import { command, value, type ValuesOf } from "../command";
import { EXIT } from "../exit-codes";
import { acl, json, portOffset, regionNames, vault } from "../options";

const options = {
  ...portOffset,
  ...acl,
  ...vault,
  regions: value("names", "a Nomad for each region, federated, such as us-west,us-east", regionNames),
  ...json,
};

/** What it takes of the command line. */
export type Input = ValuesOf<typeof options>;

/** Starts the embedded cluster, or says that it runs. */
export const up = command({
  name: "up",
  summary: "start the embedded cluster: a real Nomad and a real Consul on this machine",
  options,
  examples: ["cdk-nomad up", "cdk-nomad up --vault --regions us-west,us-east"],
  exitCodes: { [EXIT.ok]: "it runs" },
  interrupted: term`cdk-nomad status says what runs, cdk-nomad down ends it`,
  run: (input, context) => (require("./run/up") as typeof import("./run/up")).run(input, context),
});
