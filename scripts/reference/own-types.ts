import { join } from "node:path";
import * as ts from "typescript";

const ROOT = join(__dirname, "../..");

/** The project's options, without what packages declare: names, types and docs of our own are asked for, and the rest takes seconds to read. */
export function ownOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(ROOT, "tsconfig.json"), (path) => ts.sys.readFile(path)) as {
    config: object;
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  return { ...options, incremental: false, types: [], lib: ["lib.es2023.d.ts"] };
}

/** Resolves the project's own modules alone. */
export function ownModules(
  names: readonly ts.StringLiteralLike[],
  from: string,
  options: ts.CompilerOptions,
): readonly ts.ResolvedModuleWithFailedLookupLocations[] {
  return names.map(({ text }) =>
    text.startsWith(".") ? ts.resolveModuleName(text, from, options, ts.sys) : { resolvedModule: undefined },
  );
}

/** A module with all of ours that it imports. */
export function ownProgram(entry: string): ts.Program {
  const options = ownOptions();
  const host = ts.createCompilerHost(options);
  host.resolveModuleNameLiterals = (names, from, _redirected, given) => ownModules(names, from, given);
  return ts.createProgram([entry], options, host);
}
