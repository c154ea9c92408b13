import { join } from "node:path";
import ts from "typescript";
import { ownModules, ownOptions } from "../../../../scripts/reference/own-types";

const ROOT = join(__dirname, "../../../..");

/** What an editor shows over names in a program that uses the library. */
const SAMPLE = `
import { Driver, Restart, TaskGroup, Update } from "./lib/jobspec";
const restart = new Restart({ /*a*/attempts: 3 });
restart./*b*/interval;
Update.canary({ canary: 1, /*c*/minHealthyTime: undefined });
new TaskGroup({ name: "g", /*d*/restart });
Driver./*e*/rawExec({ command: "a" });
`;

function hover(): Record<string, { type: string; doc: string }> {
  const file = join(ROOT, "hover-sample.ts");
  const options = ownOptions();
  const service = ts.createLanguageService({
    getCompilationSettings: () => options,
    getScriptFileNames: () => [file],
    getScriptVersion: () => "1",
    getScriptSnapshot: (path) => {
      const text = path === file ? SAMPLE : ts.sys.readFile(path);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => ROOT,
    resolveModuleNameLiterals: (names, from, _redirected, given) => ownModules(names, from, given),
    getDefaultLibFileName: (given) => ts.getDefaultLibFilePath(given),
    fileExists: (path) => path === file || ts.sys.fileExists(path),
    readFile: (path) => (path === file ? SAMPLE : ts.sys.readFile(path)),
    directoryExists: (path) => ts.sys.directoryExists(path),
    getDirectories: (path) => ts.sys.getDirectories(path),
  });
  return Object.fromEntries(
    [..."abcde"].map((mark) => {
      const info = service.getQuickInfoAtPosition(file, SAMPLE.indexOf(`/*${mark}*/`) + 5);
      return [
        mark,
        { type: ts.displayPartsToString(info?.displayParts), doc: ts.displayPartsToString(info?.documentation) },
      ];
    }),
  );
}

test("an editor shows what a property is, and its type by name", () => {
  expect(hover()).toMatchObject({
    a: { type: "(property) attempts?: number | Resolvable | undefined", doc: "Restarts allowed within the interval." },
    b: {
      type: "(property) interval: Duration | undefined",
      doc: expect.stringContaining("The window in which attempts are counted"),
    },
    c: { doc: "How long an allocation must stay healthy to count." },
    d: { doc: "How its tasks are restarted on their node." },
    e: {
      type: expect.stringContaining("rawExec: (props: RawExecProps) => Driver"),
      doc: "A program of the node, run as it is, without isolation.",
    },
  });
});
