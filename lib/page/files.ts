import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import BUNDLING from "./bundling.json";

/** What the page's document loads. */
export interface PageFiles {
  readonly script: string;
  readonly style: string;
}

/** What is used of esbuild, which is there in a clone alone. */
interface Bundler {
  build(
    options: object,
  ): Promise<{ readonly outputFiles: readonly { readonly path: string; readonly text: string }[] }>;
}

/**
 * The page's script and style, of the settings in `bundling.json`, by which `scripts/bundle.cjs` makes them too: as they were bundled into the package, or, in a clone, of their sources as they are now.
 */
export async function loadFiles(): Promise<PageFiles> {
  const folder = join(__dirname, "browser");
  const bundled = join(folder, "page.js");
  if (existsSync(bundled))
    return { script: await readFile(bundled, "utf8"), style: await readFile(join(folder, "page.css"), "utf8") };
  const { build } = createRequire(__filename)("esbuild") as Bundler;
  const { outputFiles } = await build({
    ...BUNDLING,
    entryPoints: [join(folder, "page.tsx")],
    outdir: folder,
    write: false,
  });
  const text = (ending: string) => outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? "";
  return { script: text(".js"), style: text(".css") };
}
