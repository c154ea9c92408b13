import { join } from "node:path";
import * as ts from "typescript";
import * as library from "../../lib/jobspec";
import { definitionOf, KNOWN_DRIVERS, type BlockDefinition } from "../../lib/jobspec/host";
import { ownProgram } from "./own-types";

const ROOT = join(__dirname, "../..");

/** What is said of a property: its doc comment, and the default in words. */
export interface PropertyDoc {
  readonly text: string;
  readonly byDefault?: string;
}

/** A block with its class and everything that is said of it. */
export interface CatalogEntry {
  readonly name: string;
  readonly type: new (props: never) => library.Block;
  readonly definition: BlockDefinition;
  readonly text: string;
  readonly see?: string;
  readonly properties: ReadonlyMap<string, PropertyDoc>;
}

/** Every block that a job may hold, with the docs that an editor shows for it. */
export function catalog(): readonly CatalogEntry[] {
  const docs = readDocs();
  const reached = new Map<BlockDefinition, CatalogEntry>();
  const visit = (type: new (props: never) => library.Block) => {
    const definition = definitionOf(type);
    if (reached.has(definition)) return;
    const found = docs.get(type.name);
    if (!found) throw new Error(`no docs of ${type.name}`);
    reached.set(definition, { name: type.name, type, definition, ...found });
    for (const { field } of definition.list) if (field.of) visit(field.of() as new (props: never) => library.Block);
  };
  visit(library.Job as unknown as new (props: never) => library.Block);
  for (const { type } of [{ type: library.Port }, ...KNOWN_DRIVERS]) visit(type);
  return [...reached.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Docs of every class of a block, read from the types themselves: what an editor shows on hover. */
function readDocs(): Map<string, Pick<CatalogEntry, "text" | "see" | "properties">> {
  const entry = join(ROOT, "lib/jobspec/index.ts");
  const program = ownProgram([entry]);
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(entry) as ts.SourceFile) as ts.Symbol;
  const exports = new Map(checker.getExportsOfModule(module).map((symbol) => [symbol.name, resolve(symbol, checker)]));
  const found = new Map<string, Pick<CatalogEntry, "text" | "see" | "properties">>();
  for (const [name, symbol] of exports) {
    // The properties of a driver's configuration are called after the driver.
    const props = exports.get(`${name}Props`) ?? exports.get(`${name.replace(/Config$/, "")}Props`);
    if (!props || !(symbol.flags & ts.SymbolFlags.Class)) continue;
    const type = checker.getDeclaredTypeOfSymbol(props);
    const properties = new Map(
      checker.getPropertiesOfType(type).map((property) => [property.name, docOf(property, checker)]),
    );
    const see = symbol.getJsDocTags(checker).find((tag) => tag.name === "see");
    found.set(name, { text: textOf(symbol, checker), see: see && linkOf(see), properties });
  }
  return found;
}

function resolve(symbol: ts.Symbol, checker: ts.TypeChecker): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

function textOf(symbol: ts.Symbol, checker: ts.TypeChecker): string {
  const text = ts.displayPartsToString(symbol.getDocumentationComment(checker));
  return text
    .replaceAll(/\s*\n\s*/g, " ")
    .replaceAll(/\{@link (\w+)\}/g, "`$1`")
    .trim();
}

function linkOf(tag: ts.JSDocTagInfo): string {
  return ts
    .displayPartsToString(tag.text)
    .trim()
    .replace(/^.*?(https?:)/, "$1")
    .replace(/^https ?:/, "https:");
}

function docOf(property: ts.Symbol, checker: ts.TypeChecker): PropertyDoc {
  const tag = property.getJsDocTags(checker).find(({ name }) => name === "default");
  const byDefault =
    tag &&
    ts
      .displayPartsToString(tag.text)
      .replaceAll(/\s*\n\s*/g, " ")
      .trim();
  return { text: textOf(property, checker), byDefault };
}
