import { term } from "../../text";
import { command } from "../command";
import { EXIT } from "../exit-codes";

/** Stops the embedded cluster and whatever it left. */
export const down = command({
  name: "down",
  summary:
    "stop the embedded cluster and remove what it left, with the tokens of its pools' service; say what stays, and why",
  examples: ["cdk-nomad down"],
  exitCodes: { [EXIT.ok]: "nothing runs any more" },
  interrupted: term`cdk-nomad down goes on with it, cdk-nomad status says what runs`,
  run: (_input, context) => (require("./run/down") as typeof import("./run/down")).run(context),
});
