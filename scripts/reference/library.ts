import { join } from "node:path";
import * as ts from "typescript";
import { isPublic, pageOf, plainText, proseText, resolve, tagsOf, textOf } from "./docs";
import { ownProgram } from "./own-types";

const ROOT = join(__dirname, "../..");

/** A page of the reference about a part of the library that is no block. */
export interface LibraryPage {
  readonly file: string;
  readonly title: string;
  /** What a reader should know before the list. */
  readonly intro: readonly string[];
  /** The modules whose exports it names. */
  readonly modules: readonly string[];
}

/** A property, with what is said of it. */
export interface PropertyEntry {
  /** With `?` behind it, where it may be left out. */
  readonly name: string;
  readonly type: string;
  /** Whether the type has its own entry, under that name. */
  readonly isPublished: boolean;
  readonly byDefault?: string;
  readonly text: string;
}

/** A function or a method, as it is called. */
export interface CallEntry {
  readonly signature: string;
  readonly text: string;
  /** What is said of its parameters, its result and its errors. */
  readonly notes: readonly string[];
}

/** What a module exports, with its docs. */
export interface LibraryEntry {
  readonly name: string;
  readonly kind: "class" | "function" | "constant" | "type";
  readonly text: string;
  readonly see?: string;
  readonly examples: readonly string[];
  /** The class of this library that it extends. */
  readonly base?: string;
  /** How it is made, where it is a class, or what it is, where it is an alias or a constant. */
  readonly code?: string;
  /** The name of the type of the properties below, where a class is made of them. */
  readonly propsName?: string;
  /** What its constructor takes, where it is a class. */
  readonly props: readonly PropertyEntry[];
  /** Types of others that the properties include, such as cdktf's own. */
  readonly alsoTakes: readonly string[];
  /** What can be read of it. */
  readonly members: readonly PropertyEntry[];
  readonly constructors: readonly CallEntry[];
  readonly methods: readonly CallEntry[];
}

/** Pages with what they name. */
export type LibraryContent = readonly { readonly page: LibraryPage; readonly entries: readonly LibraryEntry[] }[];

/**
 * What the modules of the pages export, each on the first page that has it.
 *
 * @param elsewhere names that have pages of their own
 */
export function libraryContent(pages: readonly LibraryPage[], elsewhere: ReadonlySet<string>): LibraryContent {
  const program = ownProgram(pages.flatMap(({ modules }) => modules.map((file) => join(ROOT, file))));
  const reader = new LibraryReader(program);
  const seen = new Set(elsewhere);
  return pages.map((page) => {
    const exported = page.modules.flatMap((file) => reader.exportsOf(program.getSourceFile(join(ROOT, file))));
    const own = exported.filter(([name]) => !seen.has(name));
    for (const [name] of own) seen.add(name);
    return { page, entries: reader.entries(own) };
  });
}

type Exported = readonly [name: string, symbol: ts.Symbol];

const PRINTER = ts.createPrinter({ removeComments: true });

/** Reads docs of the types themselves: what an editor shows. */
class LibraryReader {
  private readonly checker: ts.TypeChecker;
  private readonly published: ReadonlySet<ts.Symbol>;

  constructor(program: ts.Program) {
    this.checker = program.getTypeChecker();
    const modules = program.getRootFileNames().map((file) => program.getSourceFile(file));
    this.published = new Set(modules.flatMap((each) => this.exportsOf(each)).map(([, symbol]) => symbol));
  }

  /** What a module exports; what it exports as a group, such as `sandbox`, each by itself. */
  exportsOf(source: ts.SourceFile | undefined): readonly Exported[] {
    const module = source && this.checker.getSymbolAtLocation(source);
    if (!module) throw new Error(`${source?.fileName} is no module`);
    return this.checker.getExportsOfModule(module).flatMap((symbol): readonly Exported[] => {
      const own = resolve(symbol, this.checker);
      if (!(own.flags & ts.SymbolFlags.ValueModule)) return [[symbol.name, own]];
      const inside = this.checker.getExportsOfModule(own);
      return inside.map((each): Exported => [`${symbol.name}.${each.name}`, resolve(each, this.checker)]);
    });
  }

  /** Entries of exports: classes with the types of their properties, which have none of their own then. */
  entries(exported: readonly Exported[]): readonly LibraryEntry[] {
    const all = exported.map(([name, symbol]) => this.entryOf(name, symbol));
    const merged = new Set(all.map(({ propsName }) => propsName));
    return all
      .filter(({ name }) => !merged.has(name))
      .sort((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1));
  }

  private entryOf(name: string, symbol: ts.Symbol): LibraryEntry {
    const base = {
      name,
      text: proseText(symbol.getDocumentationComment(this.checker)),
      see: pageOf(symbol, this.checker),
      examples: symbol
        .getJsDocTags(this.checker)
        .filter((tag) => tag.name === "example")
        .map((tag) => ts.displayPartsToString(tag.text).trim()),
    };
    const empty = { props: [], alsoTakes: [], members: [], constructors: [], methods: [] };
    const [declaration] = symbol.declarations ?? [];
    if (declaration && ts.isClassDeclaration(declaration))
      return { ...base, ...empty, kind: "class", ...this.classOf(name, symbol, declaration) };
    if (symbol.flags & ts.SymbolFlags.Function)
      return { ...base, ...empty, kind: "function", text: "", methods: this.callsOf(symbol, name) };
    if (declaration && ts.isInterfaceDeclaration(declaration)) {
      const properties = this.membersOf(this.checker.getDeclaredTypeOfSymbol(symbol));
      return { ...base, ...empty, kind: "type", ...properties, alsoTakes: this.alsoTakes(declaration) };
    }
    if (declaration && ts.isTypeAliasDeclaration(declaration))
      return { ...base, ...empty, kind: "type", code: declaration.getText().replace(/^export /, "") };
    return { ...base, ...empty, kind: "constant", code: declaration && this.constantText(symbol, declaration) };
  }

  /** A constant with its type; a schema as it is written, which says more than its type does. */
  private constantText(symbol: ts.Symbol, declaration: ts.Declaration): string | undefined {
    if (ts.isVariableDeclaration(declaration) && /^v\.\w+\(/.test(declaration.initializer?.getText() ?? ""))
      return `const ${declaration.getText()}`;
    const type = this.checker.typeToString(this.checker.getTypeOfSymbolAtLocation(symbol, declaration));
    return type.length <= 200 ? `const ${symbol.name}: ${type}` : undefined;
  }

  private classOf(name: string, symbol: ts.Symbol, declaration: ts.ClassDeclaration) {
    const instance = this.checker.getDeclaredTypeOfSymbol(symbol) as ts.InterfaceType;
    const statics = this.checker.getPropertiesOfType(this.checker.getTypeOfSymbol(symbol));
    const own = this.ownClasses(declaration);
    const isOwn = (member: ts.Symbol) => own.includes(member.valueDeclaration?.parent as ts.ClassDeclaration);
    const { members, methods } = this.membersOf(instance, (member) => isOwn(member) || isParameterOf(member, own));
    const made = this.constructorOf(own);
    const propsType = made?.parameters.at(-1)?.type;
    const props = propsType && ts.isTypeReferenceNode(propsType) ? this.namedLike(name, propsType) : undefined;
    const isAbstract = ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Abstract;
    return {
      base: this.exportedBase(own.at(-1) ?? declaration),
      code:
        made && !isAbstract
          ? `new ${name}(${made.parameters.map((each) => this.parameterText(each)).join(", ")})`
          : undefined,
      propsName: props?.symbol.name,
      props: props ? this.membersOf(this.checker.getDeclaredTypeOfSymbol(props.symbol), isWritten).members : [],
      alsoTakes: props ? this.alsoTakes(props.declaration) : [],
      members: [...members, ...this.constantsOf(name, statics.filter(isOwn))],
      constructors: statics
        .filter(isOwn)
        .flatMap((member) => (isPublic(member, this.checker) ? this.callsOf(member, `${name}.${member.name}`) : [])),
      methods,
    };
  }

  /** Static properties that are no functions. */
  private constantsOf(name: string, statics: readonly ts.Symbol[]): readonly PropertyEntry[] {
    return statics
      .filter(
        (member) =>
          isPublic(member, this.checker) &&
          member.flags & ts.SymbolFlags.Property &&
          this.signaturesOf(member).length === 0,
      )
      .map((member) => ({ ...this.propertyOf(member), name: `${name}.${member.name}` }));
  }

  /** A class, and those that it extends as far as nobody outside has them. */
  private ownClasses(declaration: ts.ClassDeclaration): readonly ts.ClassDeclaration[] {
    const base = this.baseOf(declaration);
    const isHidden = base && !(ts.getCombinedModifierFlags(base) & ts.ModifierFlags.Export);
    return [declaration, ...(base && isHidden ? this.ownClasses(base) : [])];
  }

  private baseOf({ heritageClauses }: ts.ClassDeclaration): ts.ClassDeclaration | undefined {
    const extended = heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword)?.types[0];
    const symbol = extended && this.checker.getSymbolAtLocation(extended.expression);
    return symbol && resolve(symbol, this.checker).declarations?.find(ts.isClassDeclaration);
  }

  private exportedBase(declaration: ts.ClassDeclaration): string | undefined {
    return this.baseOf(declaration)?.name?.text;
  }

  private constructorOf(own: readonly ts.ClassDeclaration[]): ts.ConstructorDeclaration | undefined {
    for (const { members } of own) {
      const made = members.filter(ts.isConstructorDeclaration).find(({ body }) => body);
      if (made)
        return ts.getCombinedModifierFlags(made) & ts.ModifierFlags.NonPublicAccessibilityModifier ? undefined : made;
    }
    return undefined;
  }

  /** The type of a class' properties, where it is called after the class. */
  private namedLike(name: string, reference: ts.TypeReferenceNode) {
    const symbol = this.checker.getSymbolAtLocation(reference.typeName);
    const own = symbol && resolve(symbol, this.checker);
    const declaration = own?.declarations?.find(ts.isInterfaceDeclaration);
    return own && declaration && own.name.startsWith(name.split(".").at(-1) as string)
      ? { symbol: own, declaration }
      : undefined;
  }

  /** What an interface has of types that are made of others. */
  private alsoTakes({ heritageClauses }: ts.InterfaceDeclaration): readonly string[] {
    return (heritageClauses ?? []).flatMap(({ types }) => types.filter((type) => type.typeArguments).map(printed));
  }

  private membersOf(type: ts.Type, isMeant: (member: ts.Symbol) => boolean = () => true) {
    // The name of an error is Node's, as its message is.
    const isNodes = ({ name, valueDeclaration }: ts.Symbol) =>
      name === "name" &&
      valueDeclaration !== undefined &&
      (ts.getCombinedModifierFlags(valueDeclaration) & ts.ModifierFlags.Override) !== 0;
    const all = this.checker
      .getPropertiesOfType(type)
      .filter((member) => isMeant(member) && isPublic(member, this.checker) && !isNodes(member));
    const isMethod = (member: ts.Symbol) => (member.flags & ts.SymbolFlags.Method) !== 0;
    return {
      members: all
        .filter((member) => !isMethod(member))
        .flatMap((member) => [this.propertyOf(member), ...this.nestedIn(member)]),
      methods: all.filter(isMethod).flatMap((member) => this.callsOf(member, `.${member.name}`)),
    };
  }

  private propertyOf(member: ts.Symbol): PropertyEntry {
    return {
      name: `${member.name}${member.flags & ts.SymbolFlags.Optional ? "?" : ""}`,
      type: this.typeText(member),
      isPublished: this.hasPublishedType(member),
      byDefault: tagsOf(member, "default", this.checker)[0],
      text: textOf(member, this.checker),
    };
  }

  /** The properties of a property whose type is written where it stands. */
  private nestedIn(member: ts.Symbol): readonly PropertyEntry[] {
    const written = typeNodeOf(member.valueDeclaration);
    if (!written || !ts.isTypeLiteralNode(written)) return [];
    const inside = this.checker.getPropertiesOfType(this.checker.getTypeFromTypeNode(written));
    return inside.map((each) => {
      const property = this.propertyOf(each);
      return {
        ...property,
        name: `${member.name}${member.flags & ts.SymbolFlags.Optional ? "?" : ""}.${property.name}`,
      };
    });
  }

  /** A type as somebody wrote it. */
  private typeText(member: ts.Symbol): string {
    const { valueDeclaration } = member;
    const written = typeNodeOf(valueDeclaration);
    if (written && ts.isTypeLiteralNode(written)) return "object";
    if (written) return printed(written);
    return valueDeclaration
      ? this.checker.typeToString(this.checker.getTypeOfSymbolAtLocation(member, valueDeclaration))
      : "";
  }

  private hasPublishedType({ valueDeclaration }: ts.Symbol): boolean {
    const written = typeNodeOf(valueDeclaration);
    if (!written || !ts.isTypeReferenceNode(written)) return false;
    const symbol = this.checker.getSymbolAtLocation(written.typeName);
    return symbol !== undefined && this.published.has(resolve(symbol, this.checker));
  }

  private signaturesOf(member: ts.Symbol): readonly ts.Signature[] {
    const at = member.valueDeclaration;
    return at ? this.checker.getTypeOfSymbolAtLocation(member, at).getCallSignatures() : [];
  }

  private callsOf(member: ts.Symbol, name: string): readonly CallEntry[] {
    return this.signaturesOf(member).map((signature) => {
      const declaration = signature.getDeclaration();
      const given = declaration.parameters.map((each) => this.parameterText(each));
      const result = declaration.type
        ? printed(declaration.type)
        : this.checker.typeToString(signature.getReturnType());
      const tags = signature.getJsDocTags().filter((tag) => tag.text?.length);
      const said = (tag: string) => tags.filter((each) => each.name === tag).map(({ text }) => plainText(text));
      return {
        signature: `${name}(${given.join(", ")}): ${result}`,
        text: proseText(signature.getDocumentationComment(this.checker)),
        notes: [
          ...said("param").map((text) => text.replace(/^(\w+)\s*/, "`$1`: ")),
          ...said("returns").map((text) => `Result: ${text}`),
          ...said("throws").map((text) => `Throws ${text}`),
        ].map((text) => (/[.!?]$/.test(text) ? text : `${text}.`)),
      };
    });
  }

  private parameterText(parameter: ts.ParameterDeclaration): string {
    const { name, type, initializer, questionToken, dotDotDotToken } = parameter;
    const kind = type ? printed(type) : this.checker.typeToString(this.checker.getTypeAtLocation(parameter));
    // One that is taken apart has no name.
    const afterType = /^[A-Z]\w*$/.test(kind) && !/(?:Options|Use)$/.test(kind) ? kind : "Options";
    const called = ts.isIdentifier(name) ? name.text : `${afterType.charAt(0).toLowerCase()}${afterType.slice(1)}`;
    return `${dotDotDotToken ? "..." : ""}${called}${initializer || questionToken ? "?" : ""}: ${kind}`;
  }
}

/** Whether a property stands in an interface, and not in a type that is made of another, as by `Omit`. */
function isWritten({ valueDeclaration }: ts.Symbol): boolean {
  return valueDeclaration !== undefined && ts.isInterfaceDeclaration(valueDeclaration.parent);
}

/** Whether a property is declared among the parameters of a constructor of one of these classes. */
function isParameterOf({ valueDeclaration }: ts.Symbol, own: readonly ts.ClassDeclaration[]): boolean {
  return (
    valueDeclaration !== undefined &&
    ts.isParameter(valueDeclaration) &&
    own.includes(valueDeclaration.parent.parent as ts.ClassDeclaration)
  );
}

function typeNodeOf(declaration: ts.Declaration | undefined): ts.TypeNode | undefined {
  return declaration && "type" in declaration ? (declaration.type as ts.TypeNode | undefined) : undefined;
}

function printed(node: ts.Node): string {
  return PRINTER.printNode(ts.EmitHint.Unspecified, node, node.getSourceFile())
    .replaceAll(/\s+/g, " ")
    .replace(/;$/, "");
}
