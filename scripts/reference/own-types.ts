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
    /^[./]/.test(text) ? ts.resolveModuleName(text, from, options, ts.sys) : { resolvedModule: undefined },
  );
}

/** Modules with all of ours that they import, under the project's options and perhaps others. */
export function ownProgram(entries: readonly string[], more: ts.CompilerOptions = {}): ts.Program {
  const options = { ...ownOptions(), ...more };
  const host = ts.createCompilerHost(options);
  host.resolveModuleNameLiterals = (names, from, _redirected, given) => ownModules(names, from, given);
  return ts.createProgram(entries, options, host);
}
