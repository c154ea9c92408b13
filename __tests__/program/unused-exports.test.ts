import { join } from "node:path";
import * as ts from "typescript";
import { ownProgram } from "../../scripts/reference/own-types";

const ROOT = join(__dirname, "../..");
const FOLDERS = ["lib", "stacks", "bench", "scripts", "examples", "__tests__"];
/** What the package publishes, and what is run and not imported. */
const DOORS = ["lib/index.ts", "lib/testing/index.ts", "lib/pools/index.ts", "lib/pools/testing/index.ts"];

const files = FOLDERS.flatMap((folder) => ts.sys.readDirectory(join(ROOT, folder), [".ts", ".tsx"]));
const program = ownProgram([...files, join(ROOT, "main.ts")], { jsx: ts.JsxEmit.ReactJSX });
const checker = program.getTypeChecker();

function resolved(symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

function exportsOf(file: ts.SourceFile): readonly ts.Symbol[] {
  const module = checker.getSymbolAtLocation(file);
  return module ? checker.getExportsOfModule(module) : [];
}

/** Which of some values a file other than their own uses; that they are imported or exported again is no use. */
function usedElsewhere(values: ReadonlySet<ts.Symbol>, sources: readonly ts.SourceFile[]): ReadonlySet<ts.Symbol> {
  const left = new Set(values);
  const names = new Set([...values].map(({ name }) => name));
  for (const { propertyName, name } of sources.flatMap(importedNames))
    if (propertyName && names.has(propertyName.text)) names.add(name.text);
  for (const source of sources) {
    const visit = (node: ts.Node): void => {
      if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return;
      // Names are looked up only where they may be one of these: the types of the others need not be known.
      const symbol = ts.isIdentifier(node) && names.has(node.text) ? usedSymbol(node) : undefined;
      const value = symbol && resolved(symbol);
      if (value && declaredIn(value) !== source) left.delete(value);
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return new Set([...values].filter((value) => !left.has(value)));
}

function importedNames(source: ts.SourceFile): readonly ts.ImportSpecifier[] {
  return source.statements.flatMap((statement) => {
    const bindings = ts.isImportDeclaration(statement) ? statement.importClause?.namedBindings : undefined;
    return bindings && ts.isNamedImports(bindings) ? bindings.elements : [];
  });
}

function declaredIn(symbol: ts.Symbol): ts.SourceFile | undefined {
  return symbol.declarations?.[0]?.getSourceFile();
}

/** What a name stands for; in `const { deploy } = await import("…")` and `{ deploy }` it stands for what it is taken from. */
function usedSymbol(node: ts.Identifier): ts.Symbol | undefined {
  const { parent } = node;
  if (ts.isShorthandPropertyAssignment(parent)) return checker.getShorthandAssignmentValueSymbol(parent);
  if (
    ts.isBindingElement(parent) &&
    (parent.propertyName ?? parent.name) === node &&
    ts.isObjectBindingPattern(parent.parent)
  )
    return checker.getTypeAtLocation(parent.parent).getProperty(node.text) ?? checker.getSymbolAtLocation(node);
  return checker.getSymbolAtLocation(node);
}

test("whatever a file of the library exports for others is used by another one", () => {
  const sources = program.getSourceFiles().filter(({ fileName }) => !fileName.includes("/node_modules/"));
  const doors = new Set(DOORS.map((door) => join(ROOT, door)));
  const published = new Set(
    sources.filter(({ fileName }) => doors.has(fileName)).flatMap((door) => exportsOf(door).map(resolved)),
  );
  const exported = new Set(
    sources
      .filter(({ fileName }) => fileName.startsWith(join(ROOT, "lib/")))
      .flatMap((source) => exportsOf(source).filter((symbol) => declaredIn(symbol) === source))
      .filter((symbol) => symbol.flags & ts.SymbolFlags.Value && !published.has(symbol)),
  );
  const used = usedElsewhere(exported, sources);
  const unused = [...exported].filter((symbol) => !used.has(symbol));
  expect(used.size).toBeGreaterThan(500);
  expect(unused.map((symbol) => `${declaredIn(symbol)?.fileName.slice(ROOT.length + 1)}: ${symbol.name}`)).toEqual([]);
});
