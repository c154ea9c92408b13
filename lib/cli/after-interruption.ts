import { shellQuoted, term, type TerminalText } from "../text";

/** What goes on after a command that watches deployments was interrupted. */
export function afterInterruption({ environment }: { readonly environment: string }): TerminalText {
  return term`Nomad goes on with what it was given. Come back with: cdk-nomad status ${shellQuoted(environment)} --watch`;
}
