import { cacheFolder, findBinary, getProgram } from "../local";
import { NomadClient, nomadConnection } from "../nomad";
import { commandParser, serverParser, type HclParser, type ReadingOptions } from "../operations";
import { block } from "../text";
import type { ValuesOf } from "./command";
import { clusterHere, clusterVariables, type CliContext } from "./context";
import type { variables as variablesOptions } from "./options";

/** Options of every command that reads HCL. */
export type HclOptions = ValuesOf<typeof variablesOptions>;

/** A file that is read within this time is not worth a word: milliseconds. */
const A_MOMENT = 1000;

/**
 * Reads files of jobs. Nomad's own command reads HCL wherever there is one on this machine, whatever NOMAD_ADDR says; else the server that NOMAD_ADDR
 * names, as far as a server can; else a Nomad is got for it.
 */
export function fileReading(
  options: HclOptions,
  context: CliContext,
): { readonly reading: ReadingOptions; close(): Promise<void> } {
  const { env, cwd, machine, stdin, terminal, signal, silence } = context;
  const variables = { values: options.var, files: options.varFile, env };
  const cache = cacheFolder(env, machine);
  let server: NomadClient | undefined;
  // Found where it is needed: many a file is no HCL.
  const parser = (): HclParser => {
    const found = findBinary("nomad", { cache, env });
    if (found || !env.NOMAD_ADDR) {
      let got: Promise<string> | undefined;
      const get = async () =>
        (await getProgram("nomad", { cache, env, machine, progress: terminal.progress(), signal })).path;
      const program = () => (got ??= get());
      return commandParser({ program, variables, cwd, signal });
    }
    server ??= new NomadClient({ ...nomadConnection(clusterVariables(context, clusterHere(context))), silence });
    return serverParser({ nomad: server, variables, cwd, signal });
  };
  let chosen: HclParser | undefined;
  const parseHcl: HclParser = (file, text) => (chosen ??= parser())(file, text);
  const steps = terminal.progress({ after: A_MOMENT });
  const reading = {
    parseHcl,
    cwd,
    stdin,
    env,
    signal,
    onStep: (step: string) => steps.step(step),
    onOutput: (output: string) => terminal.note(block(output)),
  };
  const close = async () => {
    terminal.rest();
    await server?.close();
  };
  return { reading, close };
}
