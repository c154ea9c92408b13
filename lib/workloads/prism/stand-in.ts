import { join } from "node:path";
import { standInCommand } from "../../job-parts";
import { Program } from "./program";

/** Programs of Prism that have a stand-in. */
export type StandInName = "admin" | "launcher" | "keyvalue";

/**
 * The stand-in for a program of Prism: run by the Node that runs this, from its compiled file or from its source.
 */
export function standIn(name: StandInName): Program {
  return Program.standIn(standInCommand(join(__dirname, "stand-ins"), name));
}
