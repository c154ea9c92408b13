import * as ts from "typescript";

/** How a doc comment names something else; TypeScript leaves a space behind a name with a dot. */
const LINK = /\{@link ([\w.]+)\s*\}/g;

/** A text of a doc comment in one line, with the names that it links as code. */
export function plainText(parts: readonly ts.SymbolDisplayPart[] | undefined): string {
  return ts
    .displayPartsToString(parts && [...parts])
    .replaceAll(/\s*\n\s*/g, " ")
    .replaceAll(LINK, "`$1`")
    .trim();
}

/** A text of a doc comment with its paragraphs and lists as they are. */
export function proseText(parts: readonly ts.SymbolDisplayPart[] | undefined): string {
  return ts
    .displayPartsToString(parts && [...parts])
    .replaceAll(/\s*\n\s*(?=\n)/g, "\n")
    .replaceAll(/(?<!\n)\n(?!\n|- )/g, " ")
    .replaceAll(LINK, "`$1`")
    .trim();
}

/** What is said of a symbol. */
export function textOf(symbol: ts.Symbol, checker: ts.TypeChecker): string {
  return plainText(symbol.getDocumentationComment(checker));
}

/** The texts of a symbol's tags of one name, such as `default`. */
export function tagsOf(symbol: ts.Symbol, name: string, checker: ts.TypeChecker): readonly string[] {
  return symbol
    .getJsDocTags(checker)
    .filter((tag) => tag.name === name)
    .map((tag) => plainText(tag.text));
}

/** The address of the page that a symbol follows. TypeScript takes `https` for the name of a type. */
export function pageOf(symbol: ts.Symbol, checker: ts.TypeChecker): string | undefined {
  return tagsOf(symbol, "see", checker)[0]
    ?.replace(/^.*?(https?:)/, "$1")
    .replace(/^https ?:/, "https:");
}

/** What a name stands for, where it was imported. */
export function resolve(symbol: ts.Symbol, checker: ts.TypeChecker): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** Whether a member is called by programs: not one of JavaScript's own, and none that is for the library alone. */
export function isPublic(member: ts.Symbol, checker: ts.TypeChecker): boolean {
  const { name, valueDeclaration } = member;
  if (name.startsWith("__") || ["toString", "toJSON"].includes(name)) return false;
  if (member.getJsDocTags(checker).some((tag) => tag.name === "internal")) return false;
  if (!valueDeclaration) return true;
  if (ts.isClassElement(valueDeclaration) && valueDeclaration.name && ts.isPrivateIdentifier(valueDeclaration.name))
    return false;
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  return (ts.getCombinedModifierFlags(valueDeclaration) & hidden) === 0;
}
