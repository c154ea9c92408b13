import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

// A clone runs what was compiled of the very sources there are, and of no others.

// eslint-disable-next-line @typescript-eslint/no-require-imports -- a script of the command line's first lines, before there is anything that reads TypeScript
const { isCompiled, remember, sourcesOf } = require("../../scripts/compiled.cjs") as {
  readonly isCompiled: (root: string) => boolean;
  readonly remember: (root: string, sources: string) => void;
  readonly sourcesOf: (root: string) => string;
};

let root: string;
const at = (path: string) => join(root, path);
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "cdk-nomad-"));
  for (const folder of ["lib/a", "dist"]) mkdirSync(at(folder), { recursive: true });
  for (const file of ["lib/index.ts", "lib/a/b.ts"]) writeFileSync(at(file), "1");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test("where nothing was compiled, the sources run", () => {
  expect(isCompiled(root)).toBe(false);
  rmSync(at("dist"), { recursive: true });
  expect(isCompiled(root)).toBe(false);
});

test.each([
  ["another text of the same length", () => writeFileSync(at("lib/a/b.ts"), "2")],
  [
    "another text of the same time",
    () => {
      writeFileSync(at("lib/a/b.ts"), "12");
      utimesSync(at("lib/a/b.ts"), 1, 1);
    },
  ],
  ["an older file", () => utimesSync(at("lib/index.ts"), 1, 1)],
  ["one more", () => writeFileSync(at("lib/c.ts"), "1")],
  ["one less", () => rmSync(at("lib/a/b.ts"))],
  ["another name", () => renameSync(at("lib/a/b.ts"), at("lib/a/c.ts"))],
])("%s makes the sources run", (_what, change) => {
  utimesSync(at("lib/a/b.ts"), 1, 1);
  remember(root, sourcesOf(root));
  expect(isCompiled(root)).toBe(true);
  change();
  expect(isCompiled(root)).toBe(false);
});
