import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { ownProgram } from "../../../scripts/reference/own-types";

const ROOT = join(__dirname, "../../..");
const DOOR = join(ROOT, "lib/pools/index.ts");

const program = ownProgram([DOOR]);
const checker = program.getTypeChecker();
const source = program.getSourceFile(DOOR);
const door = source && checker.getSymbolAtLocation(source);
if (!door) throw new Error(`${DOOR} is no module`);

/** What a module exports, with its doc comments; members of what it exports by `export * as` included. */
function exportsOf(module: ts.Symbol) {
  const own = (symbol: ts.Symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);
  const isOurs = ({ declarations }: ts.Symbol) =>
    declarations?.some((each) => each.getSourceFile().fileName.startsWith(join(ROOT, "lib/pools/"))) === true;
  const docOf = (symbol: ts.Symbol) => ({
    text: ts.displayPartsToString(symbol.getDocumentationComment(checker)),
    tags: symbol.getJsDocTags(checker).map(({ name }) => name),
  });
  return checker.getExportsOfModule(module).map((exported) => {
    const symbol = own(exported);
    const isShape = symbol.flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface);
    const members = isShape ? checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol)) : [];
    return {
      name: exported.name,
      doc: docOf(symbol),
      members: members.filter(isOurs).map((member) => ({ name: member.name, doc: docOf(member) })),
    };
  });
}

const exported = exportsOf(door);

/** The types of this library's that the public signatures of what a module exports name, and that it does not export. */
function unexportedOf(module: ts.Symbol): readonly string[] {
  const own = (symbol: ts.Symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);
  const ownExports = checker.getExportsOfModule(module).map(own);
  const inside = ownExports.filter(({ flags }) => flags & ts.SymbolFlags.ValueModule);
  const published = new Set([...ownExports, ...inside.flatMap((each) => checker.getExportsOfModule(each).map(own))]);
  const missing = new Set<string>();
  const isPrivate = (node: ts.Node) =>
    (ts.canHaveModifiers(node) && ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword)) ||
    (ts.isClassElement(node) && node.name !== undefined && ts.isPrivateIdentifier(node.name));
  const visit = (node: ts.Node, from: string): void => {
    // A constructor's private properties are its parameters all the same.
    if (
      (isPrivate(node) && !ts.isParameter(node)) ||
      ts.isBlock(node) ||
      (ts.isExpression(node) && !ts.isExpressionWithTypeArguments(node))
    )
      return;
    if (ts.isTypeReferenceNode(node) || ts.isExpressionWithTypeArguments(node)) {
      const symbol = checker.getSymbolAtLocation(ts.isTypeReferenceNode(node) ? node.typeName : node.expression);
      const named = symbol && own(symbol);
      const at = named?.declarations?.[0];
      const isParameter = at !== undefined && ts.isTypeParameterDeclaration(at);
      const file = at?.getSourceFile().fileName ?? "";
      if (named && !isParameter && ROOMS.some((room) => file.startsWith(join(ROOT, room))) && !published.has(named))
        missing.add(`${named.name} of ${from}`);
    }
    ts.forEachChild(node, (child) => visit(child, from));
  };
  for (const symbol of published)
    for (const declaration of symbol.declarations ?? [])
      if (declaration.getSourceFile().fileName.startsWith(join(ROOT, "lib/pools/")) && !ts.isSourceFile(declaration))
        visit(declaration, symbol.name);
  return [...missing].sort();
}

/** The rooms whose types nobody has from elsewhere: the model's are the package's own door's. */
const ROOMS = ["lib/pools/", "lib/nomad/"];

test("every type that a public signature names is exported too", () => {
  expect(unexportedOf(door)).toEqual([]);
});

test("all that the package's pools export is named in their document, and nothing else is", () => {
  const document = readFileSync(join(ROOT, "docs/pools.md"), "utf8");
  const [, whole = ""] = document.split("\n## What `cdk-nomad/pools` exports\n");
  const [section = "", testing = ""] = whole.split("\n`cdk-nomad/pools/testing` has ");
  expect(testing).toContain("`doublesIn`");
  const named = [...section.split("\n## ")[0]!.matchAll(/`([A-Za-z_]+)`/g)].map(([, name]) => name);
  expect(exported.map(({ name }) => name).filter((name) => !named.includes(name))).toEqual([]);
  const names = exported.map(({ name }) => name);
  expect(named.filter((name) => !names.includes(name ?? ""))).toEqual([]);
});

test("each has a doc comment that says what it is, and none of it is internal", () => {
  const silent = exported.filter(({ name, doc }) => name !== "sandbox" && doc.text === "").map(({ name }) => name);
  const internal = exported.flatMap(({ name, doc, members }) =>
    [{ name, doc }, ...members.map((each) => ({ ...each, name: `${name}.${each.name}` }))]
      .filter((each) => each.doc.tags.includes("internal") || /@internal/.test(each.doc.text))
      .map((each) => each.name),
  );
  expect({ silent, internal }).toEqual({ silent: [], internal: [] });
});
