import { cacheFolder, getBinary } from "../local";
import { NomadClient, nomadConnection } from "../nomad";
import { commandParser, serverParser, type HclParser } from "../operations";
import type { ValuesOf } from "./command";
import type { CliContext } from "./context";
import type { variables as variablesOptions } from "./options";

/** Options of every command that reads HCL. */
export type HclOptions = ValuesOf<typeof variablesOptions>;

/** Reads HCL with the Nomad that NOMAD_ADDR names, else with the program of the embedded one, which needs no server. */
export function hclParser(
  options: HclOptions,
  { env, terminal, signal }: CliContext,
): { readonly parse: HclParser; close(): Promise<void> } {
  const variables = { values: options.var, files: options.varFile };
  if (env.NOMAD_ADDR) {
    const nomad = new NomadClient(nomadConnection(env));
    return { parse: serverParser(nomad, variables), close: () => nomad.close() };
  }
  let program: Promise<string> | undefined;
  const find = () =>
    (program ??= getBinary("nomad", { cache: cacheFolder(env), env, progress: terminal.progress(), signal }).then(
      ({ path }) => path,
    ));
  return { parse: commandParser(find, variables), close: () => Promise.resolve() };
}
