import ts from "typescript";

export interface Program {
  readonly statements: readonly string[];
  readonly code: string;
  readonly comments: readonly string[];
  readonly strings: readonly string[];
  readonly from: string | undefined;
}

/** What the compiler makes of a module: its statements, all of its code without texts and names of exports, its comments. */
export function compiled(module: string): Program {
  const file = ts.createSourceFile("module.ts", module, ts.ScriptTarget.Latest, true);
  const found = (file as unknown as { parseDiagnostics: readonly ts.Diagnostic[] }).parseDiagnostics;
  if (found.length > 0) throw new Error(`does not compile: ${JSON.stringify(found.map((each) => each.messageText))}`);
  const strings: string[] = [];
  const shape = (node: ts.Node): string => {
    if (ts.isStringLiteralLike(node)) strings.push(node.text);
    if (ts.isComputedPropertyName(node) && ts.isStringLiteral(node.expression)) strings.push(node.expression.text);
    if (ts.isIdentifier(node)) {
      if (ts.isPropertyAssignment(node.parent) && node.parent.name === node) strings.push(node.text);
      else if (!ts.isVariableDeclaration(node.parent)) return node.text;
    }
    if (ts.isPropertyName(node) || ts.isStringLiteralLike(node)) return "text";
    return `${ts.SyntaxKind[node.kind]}(${childrenOf(node).map(shape).join(" ")})`;
  };
  const code = shape(file);
  return {
    statements: file.statements.map((statement) => ts.SyntaxKind[statement.kind] ?? ""),
    code,
    comments: commentsOf(module),
    strings,
    from: file.statements.flatMap((each) =>
      ts.isImportDeclaration(each) && ts.isStringLiteral(each.moduleSpecifier) ? [each.moduleSpecifier.text] : [],
    )[0],
  };
}

function childrenOf(node: ts.Node): readonly ts.Node[] {
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => void children.push(child));
  return children;
}

function commentsOf(module: string): readonly string[] {
  const found = new Map<number, string>();
  const file = ts.createSourceFile("module.ts", module, ts.ScriptTarget.Latest, true);
  const visit = (node: ts.Node): void => {
    for (const { pos, end } of ts.getLeadingCommentRanges(module, node.getFullStart()) ?? [])
      found.set(pos, module.slice(pos, end));
    for (const { pos, end } of ts.getTrailingCommentRanges(module, node.getEnd()) ?? [])
      found.set(pos, module.slice(pos, end));
    node.getChildren(file).forEach(visit);
  };
  visit(file);
  return [...found.entries()].sort(([a], [b]) => a - b).map(([, text]) => text);
}
