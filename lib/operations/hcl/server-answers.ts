import { ApiError, type JobJson, type NomadClient } from "../../nomad";
import { diagnostics, type Diagnostic } from "./problems";

/** What a server says to a text and its variables. */
export type Answer = { readonly job: JobJson } | { readonly refused: readonly ServerDiagnostic[] };

/** One thing that it says, and whether it is about the text of the values. */
export interface ServerDiagnostic extends Diagnostic {
  readonly whole?: "values";
}

/** Asks a server to read a text with its variables. */
export async function ask(nomad: NomadClient, text: string, variables: string): Promise<Answer> {
  try {
    return { job: await nomad.parse(text, variables) };
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 400) throw error;
    const whole = error.body.includes("unable to parse var content") ? "values" : undefined;
    return { refused: diagnostics(error.body).map((each) => ({ ...each, whole })) };
  }
}
