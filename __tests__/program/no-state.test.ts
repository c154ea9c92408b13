import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { COMMANDS } from "../../lib/cli";

/**
 * The modules of the library are evaluated once for many files of tests (support/shared-runtime.cjs), as in a program they are for many callers. So none
 * of them may remember anything that one caller did and another one sees.
 */

const ROOT = join(__dirname, "../..");
/** Programs, each of which runs in a process of its own. */
const PROGRAM =
  /^lib\/(?:cli\/main|operations\/files\/program-runner|pools\/sandbox\/server\/|pools\/jobs\/stand-ins\/|workloads\/prism\/stand-ins\/|page\/browser\/)/;

/** What is remembered, and why nobody sees who asked first. */
const HARMLESS: Readonly<Record<string, string>> = {
  "lib/hcl-source/tokens.ts: HEREDOC.lastIndex = at": "said before each use",
  "lib/hcl-source/tokens.ts: NEXT.lastIndex = at + 1": "said before each use",
  "lib/jobspec/block-kinds.ts: let known": "the same whenever it is looked for",
  "lib/jobspec/rules/grammar/expressions.ts: let engine": "a package, loaded where it is needed first",
  "lib/jobspec/secret.ts: static made": "only whether something has to be looked for that is not there otherwise",
  "lib/pools/containers/get-warm-pool-manager.ts: let manager":
    "the one of the process, as documented; no test gets it",
  "lib/pools/runtime/get-nomad-manager.ts: let manager": "the one of the process, as documented; no test gets it",
  "lib/typescript/named.ts: rules.set(…)": "while the module is loaded",
};

const CHANGES = new Set("set add delete clear push pop shift unshift splice sort reverse fill copyWithin".split(" "));

/** What a module remembers: variables, collections and objects of its own that it changes, and static ones of its classes. */
function remembered(file: string, text: string): readonly string[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const own = new Set<string>();
  const found: string[] = [];
  for (const statement of source.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    const isConstant = (statement.declarationList.flags & ts.NodeFlags.Const) !== 0;
    for (const { name } of statement.declarationList.declarations) {
      own.add(name.getText());
      if (!isConstant) found.push(`let ${name.getText()}`);
    }
  }
  const isOwn = (node: ts.Expression): boolean =>
    ts.isIdentifier(node)
      ? own.has(node.text)
      : (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) && isOwn(node.expression);
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyDeclaration(node) && hasModifier(node, ts.SyntaxKind.StaticKeyword)) {
      const { initializer: value } = node;
      const isChangeable =
        value &&
        (ts.isNewExpression(value)
          ? /^(?:Weak)?(?:Map|Set)$/.test(value.expression.getText())
          : ts.isArrayLiteralExpression(value));
      if (isChangeable || !hasModifier(node, ts.SyntaxKind.ReadonlyKeyword))
        found.push(`static ${node.name.getText()}`);
    }
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const { name, expression } = node.expression;
      if (CHANGES.has(name.text) && isOwn(expression)) found.push(`${expression.getText()}.${name.text}(…)`);
    }
    if (ts.isBinaryExpression(node) && isAssignment(node) && !ts.isIdentifier(node.left) && isOwn(node.left))
      found.push(node.getText());
    if (ts.isDeleteExpression(node) && isOwn(node.expression)) found.push(node.getText());
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function hasModifier(node: ts.PropertyDeclaration, kind: ts.SyntaxKind): boolean {
  return node.modifiers?.some((modifier) => modifier.kind === kind) ?? false;
}

function isAssignment({ operatorToken: { kind } }: ts.BinaryExpression): boolean {
  return kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${folder}/${name}`);
}

test("a module that remembers something is found", () => {
  const module = `
    let last = 0;
    const seen = new Map<string, number>();
    const settings = { depth: 1 };
    const list: string[] = [];
    export class Ids { static next = 1; static readonly all = new Set<number>(); static readonly none = 0; }
    export function see(text: string) { seen.set(text, 1); settings.depth = 2; list.push(text); delete settings.depth; const own = new Map(); own.set(1, 2); }
  `;
  expect(remembered("a.ts", module)).toEqual([
    "let last",
    "static next",
    "static all",
    "seen.set(…)",
    "settings.depth = 2",
    "list.push(…)",
    "delete settings.depth",
  ]);
});

test("no module of the library remembers what one caller did and another one sees", () => {
  const found = filesIn("lib")
    .filter((file) => !PROGRAM.test(file))
    .flatMap((file) => remembered(file, readFileSync(join(ROOT, file), "utf8")).map((what) => `${file}: ${what}`));
  expect([...found].sort()).toEqual(Object.keys(HARMLESS).sort());
});

test("no test takes another module in the place of one of the library, which would be another one for its own file alone", () => {
  const replacing = ["support", "lib", "program", "stacks", "commands"].flatMap((folder) =>
    filesIn(`__tests__/${folder}`).filter((file) =>
      /\bjest\.(?:mock|doMock|unmock|setMock|resetModules|isolateModules)/.test(readFileSync(join(ROOT, file), "utf8")),
    ),
  );
  expect(replacing).toEqual([]);
});

test("what the library hands out is changed by nobody", () => {
  const [first] = COMMANDS as unknown as unknown[][];
  expect(() => first?.push("another")).toThrow(TypeError);
  expect(() => Object.assign(COMMANDS, { length: 0 })).toThrow(TypeError);
});
