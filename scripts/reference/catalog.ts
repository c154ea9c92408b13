import { join } from "node:path";
import * as ts from "typescript";
import * as library from "../../lib/jobspec";
import { definitionOf, KNOWN_DRIVERS, type BlockDefinition } from "../../lib/jobspec/host";
import { isPublic, pageOf, plainText, resolve, tagsOf, textOf } from "./docs";
import { ownProgram } from "./own-types";

const ROOT = join(__dirname, "../..");

/** What is said of a property: its doc comment, and the default in words. */
export interface PropertyDoc {
  readonly text: string;
  readonly byDefault?: string;
}

/** A constructor or a method: its name, what it is given, and what is said of it. */
export interface MethodDoc {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly text: string;
}

/** What is said of a class. */
interface ClassDoc {
  readonly text: string;
  readonly see?: string;
  /** Its named constructors. */
  readonly constructors: readonly MethodDoc[];
  /** What it can do of its own. */
  readonly methods: readonly MethodDoc[];
}

/** A class whose values are properties of blocks. */
export interface ValueEntry extends ClassDoc {
  readonly name: string;
}

/** A block with its class and everything that is said of it. */
export interface CatalogEntry extends ClassDoc {
  readonly name: string;
  readonly type: new (props: never) => library.Block;
  readonly definition: BlockDefinition;
  readonly properties: ReadonlyMap<string, PropertyDoc>;
}

/** What properties of blocks are made of, beside texts, numbers, lists and blocks. */
const VALUES = ["Cpu", "Driver", "Duration", "Memory", "Secret"];

/** The classes of values that are no blocks, with the docs that an editor shows for them. */
export function valueCatalog(): readonly ValueEntry[] {
  const { exports, checker } = publicTypes();
  const ofDrivers = new Map(
    KNOWN_DRIVERS.map(({ constructorName, type }) => {
      const text = textOf(exports.get(type.name) as ts.Symbol, checker);
      return [constructorName, `${text} Its properties: ${type.name}.`];
    }),
  );
  return VALUES.map((name) => {
    const doc = classDoc(exports.get(name) as ts.Symbol, checker);
    const constructors = doc.constructors.map((each) =>
      each.text === "" && name === "Driver"
        ? { ...each, parameters: ["props"], text: ofDrivers.get(each.name) ?? "" }
        : each,
    );
    return { name, ...doc, constructors };
  });
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

/** What the model exports, by name, with the types behind it. */
function publicTypes(): { readonly exports: ReadonlyMap<string, ts.Symbol>; readonly checker: ts.TypeChecker } {
  const entry = join(ROOT, "lib/jobspec/index.ts");
  const program = ownProgram([entry]);
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(entry) as ts.SourceFile) as ts.Symbol;
  const exports = new Map(checker.getExportsOfModule(module).map((symbol) => [symbol.name, resolve(symbol, checker)]));
  return { exports, checker };
}

/** Docs of every class of a block, read from the types themselves: what an editor shows on hover. */
function readDocs(): Map<string, ClassDoc & Pick<CatalogEntry, "properties">> {
  const { exports, checker } = publicTypes();
  const found = new Map<string, ClassDoc & Pick<CatalogEntry, "properties">>();
  for (const [name, symbol] of exports) {
    // The properties of a driver's configuration are called after the driver.
    const props = exports.get(`${name}Props`) ?? exports.get(`${name.replace(/Config$/, "")}Props`);
    if (!props || !(symbol.flags & ts.SymbolFlags.Class)) continue;
    const type = checker.getDeclaredTypeOfSymbol(props);
    const properties = new Map(
      checker.getPropertiesOfType(type).map((property) => [property.name, docOf(property, checker)]),
    );
    found.set(name, { ...classDoc(symbol, checker), properties });
  }
  return found;
}

function classDoc(symbol: ts.Symbol, checker: ts.TypeChecker): ClassDoc {
  const declaration = symbol.valueDeclaration as ts.ClassDeclaration;
  const ofClass = checker.getPropertiesOfType(checker.getTypeOfSymbol(symbol));
  const ofInstances = checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol));
  return {
    text: textOf(symbol, checker),
    see: pageOf(symbol, checker),
    constructors: methodsAmong(ofClass, declaration, checker),
    methods: methodsAmong(
      ofInstances.filter(({ valueDeclaration }) => valueDeclaration?.parent === declaration),
      declaration,
      checker,
    ),
  };
}

/** Methods that programs call: not those of JavaScript, and none that is for the library alone. */
function methodsAmong(
  members: readonly ts.Symbol[],
  from: ts.ClassDeclaration,
  checker: ts.TypeChecker,
): readonly MethodDoc[] {
  return members.flatMap((member) => {
    const { name } = member;
    const signatures = isPublic(member, checker)
      ? checker.getTypeOfSymbolAtLocation(member, from).getCallSignatures()
      : [];
    return signatures.map((signature) => ({
      name,
      parameters: signature.getParameters().map((parameter) => parameterOf(parameter, checker)),
      text: plainText(signature.getDocumentationComment(checker)),
    }));
  });
}

function parameterOf(parameter: ts.Symbol, checker: ts.TypeChecker): string {
  const declaration = parameter.valueDeclaration as ts.ParameterDeclaration | undefined;
  const isRest = declaration?.dotDotDotToken !== undefined;
  const mayBeLeftOut = declaration !== undefined && !isRest && checker.isOptionalParameter(declaration);
  return `${isRest ? "…" : ""}${parameter.name}${mayBeLeftOut ? "?" : ""}`;
}

function docOf(property: ts.Symbol, checker: ts.TypeChecker): PropertyDoc {
  return { text: textOf(property, checker), byDefault: tagsOf(property, "default", checker)[0] };
}
