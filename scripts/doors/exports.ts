import * as ts from "typescript";

/** What a file of the model exports to those who use the library. */
export interface Exports {
  /** Its name, without its ending. */
  readonly file: string;
  /** The classes of its blocks. */
  readonly classes: readonly string[];
  /** The types of their properties. */
  readonly props: readonly string[];
  /** Those of the classes that are the configuration of a driver. */
  readonly configurations: readonly Configuration[];
}

/** The class of a driver's configuration, with what is said of it. */
export interface Configuration {
  readonly name: string;
  readonly doc: string;
}

/** Reads which blocks a file defines. What is abstract is for the model itself. */
export function exportsOf(file: string, text: string): Exports {
  const source = ts.createSourceFile(`${file}.ts`, text, ts.ScriptTarget.Latest, true);
  const exported = source.statements.filter(
    (statement): statement is ts.ClassDeclaration | ts.InterfaceDeclaration =>
      (ts.isClassDeclaration(statement) || ts.isInterfaceDeclaration(statement)) &&
      has(statement, ts.SyntaxKind.ExportKeyword),
  );
  const blocks = exported
    .filter(ts.isClassDeclaration)
    .filter((statement) => !has(statement, ts.SyntaxKind.AbstractKeyword) && infoOf(statement) !== undefined);
  return {
    file,
    classes: namesOf(blocks),
    props: namesOf(exported.filter(ts.isInterfaceDeclaration)).filter((name) => name.endsWith("Props")),
    configurations: blocks
      .filter((statement) => isConfiguration(infoOf(statement)))
      .map((statement) => ({ name: statement.name?.text ?? "", doc: docOf(statement) })),
  };
}

function docOf(statement: ts.ClassDeclaration): string {
  const [doc] = ts.getJSDocCommentsAndTags(statement).filter(ts.isJSDoc);
  return (ts.getTextOfJSDocComment(doc?.comment) ?? "").replaceAll(/\s*\n\s*/g, " ");
}

function namesOf(statements: readonly (ts.ClassDeclaration | ts.InterfaceDeclaration)[]): readonly string[] {
  return statements.flatMap(({ name }) => (name ? [name.text] : [])).sort();
}

function has({ modifiers }: ts.ClassDeclaration | ts.InterfaceDeclaration, kind: ts.SyntaxKind): boolean {
  return modifiers?.some((modifier) => modifier.kind === kind) ?? false;
}

/** What the class of a block says of itself, as in `extends blockOf({ api: "Port", hcl: "port" }, fields)`. */
function infoOf({ heritageClauses }: ts.ClassDeclaration): ts.Expression | undefined {
  const base = heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword)?.types[0]?.expression;
  if (!base || !ts.isCallExpression(base) || !ts.isIdentifier(base.expression)) return undefined;
  return base.expression.text === "blockOf" ? base.arguments[0] : undefined;
}

/** A driver's configuration is the block that HCL calls `config`. */
function isConfiguration(info: ts.Expression | undefined): boolean {
  if (!info || !ts.isObjectLiteralExpression(info)) return false;
  return info.properties.some(
    (property) =>
      ts.isPropertyAssignment(property) &&
      ts.isIdentifier(property.name) &&
      property.name.text === "hcl" &&
      ts.isStringLiteral(property.initializer) &&
      property.initializer.text === "config",
  );
}
