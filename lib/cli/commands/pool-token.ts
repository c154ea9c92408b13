import { SCOPES } from "../../service/facts";
import { term } from "../../text";
import { command, literal, orElse, required, value, values, type ValuesOf } from "../command";
import { EXIT } from "../exit-codes";
import { json } from "../options";

const parameters = { action: literal("create", "make one") };
const options = {
  owner: required(
    value("name", "whose it is: the only owner that it acts for, without the scope any-owner"),
    "whose the token is",
  ),
  scope: required(values("scope", `what it may: one of ${SCOPES.join(", ")}`), `some of ${SCOPES.join(", ")}`),
  file: orElse(value("path", "the file, of mode 600, that its line is added to"), { fallback: "it is printed" }),
  ...json,
};

/** What it takes of the command line. */
export type Input = ValuesOf<typeof parameters> & ValuesOf<typeof options>;

/** Makes a token of the pools' service. */
export const poolToken = command({
  name: "token",
  summary: "create a token of the service: it is printed once, and its line has the hash alone",
  arguments: parameters,
  options,
  examples: [
    "cdk-nomad pool token create --owner user-42 --scope execute --scope claim --file tokens.jsonl",
    "cdk-nomad pool token create --owner monitoring --scope read",
  ],
  exitCodes: { [EXIT.ok]: "the token is printed" },
  interrupted: term`a token may have been written: look at the end of the file`,
  run: (input, context) => (require("./run/pool-token") as typeof import("./run/pool-token")).run(input, context),
});
