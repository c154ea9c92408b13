import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

// What was compiled of sources that are gone is in no package.

// eslint-disable-next-line @typescript-eslint/no-require-imports -- a script that npm runs, before there is anything that reads TypeScript
const emptyStale = require("../../scripts/stale.cjs") as (root: string) => boolean;

let root: string;
const write = (...paths: readonly string[]) => {
  for (const path of paths) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), "");
  }
};
const compiled = (name: string) => [`dist/lib/${name}.js`, `dist/lib/${name}.d.ts`];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "cdk-nomad-"));
  write("lib/index.ts", "lib/a/b.ts", "lib/page/browser/page.tsx");
  write(...compiled("index"), ...compiled("a/b"), "dist/.tsbuildinfo", "dist/lib/page/browser/page.js");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test("a folder that was compiled of these sources stays", () => {
  expect([emptyStale(root), existsSync(join(root, "dist/.tsbuildinfo"))]).toEqual([false, true]);
});

test.each([
  ["a source was renamed", () => renameSync(join(root, "lib/a/b.ts"), join(root, "lib/a/c.ts"))],
  ["a source is gone", () => rmSync(join(root, "lib/a"), { recursive: true })],
  ["what was compiled is gone", () => rmSync(join(root, "dist/lib/a/b.js"))],
  ["all that was compiled is gone", () => rmSync(join(root, "dist/lib"), { recursive: true })],
])("it goes where %s", (_what, change) => {
  change();
  expect([emptyStale(root), existsSync(join(root, "dist")), existsSync(join(root, "lib/index.ts"))]).toEqual([
    true,
    false,
    true,
  ]);
});

test("nothing is done where nothing was compiled", () => {
  rmSync(join(root, "dist"), { recursive: true });
  expect(emptyStale(root)).toBe(false);
});
