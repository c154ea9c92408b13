import { cacheFolder, findBinary, getBinary } from "../local";
import { NomadClient, nomadConnection } from "../nomad";
import { commandParser, serverParser, type ReadingOptions } from "../operations";
import type { ValuesOf } from "./command";
import type { CliContext } from "./context";
import type { variables as variablesOptions } from "./options";

/** Options of every command that reads HCL. */
export type HclOptions = ValuesOf<typeof variablesOptions>;

/**
 * Reads files of jobs. Nomad's own command reads HCL wherever there is one on this machine, whatever NOMAD_ADDR says; else the server that NOMAD_ADDR
 * names, as far as a server can; else a Nomad is got for it.
 */
export function fileReading(
  options: HclOptions,
  { env, cwd, stdin, terminal, signal }: CliContext,
): { readonly reading: ReadingOptions; close(): Promise<void> } {
  const variables = { values: options.var, files: options.varFile, env };
  const cache = cacheFolder(env);
  const found = findBinary("nomad", { cache, env });
  if (!found && env.NOMAD_ADDR) {
    const nomad = new NomadClient(nomadConnection(env));
    return { reading: { parseHcl: serverParser({ nomad, variables, cwd }), cwd, stdin }, close: () => nomad.close() };
  }
  let program: Promise<string> | undefined;
  const find = () =>
    (program ??= found
      ? Promise.resolve(found.path)
      : getBinary("nomad", { cache, env, progress: terminal.progress(), signal }).then(({ path }) => path));
  return {
    reading: { parseHcl: commandParser({ program: find, variables, cwd, signal }), cwd, stdin },
    close: () => Promise.resolve(),
  };
}
