import { AbsentTokens, type TokenSource } from "./token-source";

/** What reads a Nomad variable: the client, or whoever stands in for it. */
export interface VariableReader {
  /** What is in the variable, or undefined where it is not there. */
  items(path: string): Promise<Readonly<Record<string, string>> | undefined>;
}

/**
 * Tokens in a Nomad variable: every item is a line of `cdk-nomad pool token create`, or several; the items' names are for people.
 *
 * @see https://developer.hashicorp.com/nomad/docs/concepts/variables
 */
export function tokenVariable(path: string, reader: VariableReader): TokenSource {
  return {
    name: `the variable ${path}`,
    interval: 10_000,
    read: async () => {
      const items = await reader.items(path);
      if (items === undefined)
        throw new AbsentTokens(
          `the variable ${path}`,
          "is not there; write a line of cdk-nomad pool token create into it",
        );
      return Object.values(items).join("\n");
    },
  };
}
