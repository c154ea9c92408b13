import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { ownProgram } from "../../scripts/reference/own-types";

const ROOT = join(__dirname, "../..");

const PATHS = {
  "cdk-nomad": "lib/index.ts",
  "cdk-nomad/testing": "lib/testing/index.ts",
  "cdk-nomad/pools": "lib/pools/index.ts",
  "cdk-nomad/pools/testing": "lib/pools/testing/index.ts",
  jobs: "lib/pools/jobs/index.ts",
} as const;

/** The doors of the package. */
const DOORS = ["cdk-nomad", "cdk-nomad/testing", "cdk-nomad/pools", "cdk-nomad/pools/testing"] as const;

const program = ownProgram(Object.values(PATHS).map((path) => join(ROOT, path)));
const checker = program.getTypeChecker();

/** The module of one of the doors. */
function moduleOf(door: keyof typeof PATHS): ts.Symbol {
  const source = program.getSourceFile(join(ROOT, PATHS[door]));
  const symbol = source && checker.getSymbolAtLocation(source);
  if (!symbol) throw new Error(`${PATHS[door]} is no module`);
  return symbol;
}

const isInternal = ({ tags, text }: { readonly tags: readonly string[]; readonly text: string }) =>
  tags.includes("internal") || text.includes("@internal");

/** Whether a member takes the place of one of a class that it extends. */
const isOverride = ({ declarations }: ts.Symbol) =>
  declarations?.some((each) => ts.getCombinedModifierFlags(each) & ts.ModifierFlags.Override) === true;

/** What a module exports, with its doc comments, and the public members that stand in a folder. */
function exportsOf(module: ts.Symbol, folder = "lib/") {
  const own = (symbol: ts.Symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);
  const isOurs = ({ declarations }: ts.Symbol) =>
    declarations?.some((each) => each.getSourceFile().fileName.startsWith(join(ROOT, folder))) === true;
  const isPrivate = ({ declarations }: ts.Symbol) =>
    declarations?.some(
      (each) =>
        ts.getCombinedModifierFlags(each) & ts.ModifierFlags.NonPublicAccessibilityModifier ||
        (ts.isClassElement(each) && each.name !== undefined && ts.isPrivateIdentifier(each.name)),
    ) === true;
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
      members: members
        .filter((member) => isOurs(member) && !isPrivate(member))
        .map((member) => ({
          name: member.name,
          doc: docOf(member),
          isOverride: isOverride(member),
          isOptional: (member.flags & ts.SymbolFlags.Optional) !== 0,
        })),
    };
  });
}

const door = moduleOf("cdk-nomad/pools");
const exported = exportsOf(door, "lib/pools/");

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

test.each(DOORS)("each export of %s has a doc comment that says what it is, and none is internal", (name) => {
  const all = exportsOf(moduleOf(name));
  expect(all.length).toBeGreaterThan(2);
  const silent = all.filter(({ name, doc }) => name !== "sandbox" && doc.text === "").map(({ name }) => name);
  const internal = all.filter(({ doc }) => isInternal(doc)).map(({ name }) => name);
  expect({ silent, internal }).toEqual({ silent: [], internal: [] });
});

test("no member that the pools' own classes add is internal", () => {
  const internal = exported.flatMap(({ name, members }) =>
    members.filter(({ doc, isOverride }) => isInternal(doc) && !isOverride).map((member) => `${name}.${member.name}`),
  );
  expect(internal).toEqual([]);
});

test.each(DOORS)("every member of what %s exports has a doc comment", (name) => {
  const silent = exportsOf(moduleOf(name)).flatMap(({ name, members }) =>
    members
      // A member of an error that is Node's own, such as its name.
      .filter(({ doc, isOverride }) => doc.text === "" && !isOverride && !isInternal(doc))
      .map((member) => `${name}.${member.name}`),
  );
  expect(silent).toEqual([]);
});

test.each(DOORS)("every member of what %s exports that may be left out says what holds then", (name) => {
  const saysDefault = ({ tags, text }: { readonly tags: readonly string[]; readonly text: string }) =>
    tags.includes("default") || /default/i.test(text);
  const silent = exportsOf(moduleOf(name)).flatMap(({ name, members }) =>
    members
      .filter(({ doc, isOptional }) => isOptional && !isInternal(doc) && !saysDefault(doc))
      .map((member) => `${name}.${member.name}`),
  );
  expect(silent).toEqual([]);
});

test("every block and every unit of a job names the page that it follows", () => {
  const classes = checker.getExportsOfModule(moduleOf("cdk-nomad")).flatMap((exported) => {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    const [made] = (symbol.declarations ?? []).filter(ts.isClassDeclaration);
    const file = made?.getSourceFile().fileName.slice(ROOT.length + 1) ?? "";
    return /^lib\/jobspec\/(?:blocks|drivers|units)\//.test(file) ? [symbol] : [];
  });
  expect(classes.length).toBeGreaterThan(80);
  const silent = classes.filter((symbol) => {
    const text = ts.displayPartsToString(symbol.getDocumentationComment(checker));
    return !symbol.getJsDocTags(checker).some(({ name }) => name === "see") && !text.includes("https://");
  });
  expect(silent.map(({ name }) => name)).toEqual([]);
});

test("the properties of every class that the package exports have a type with a name", () => {
  const classes = checker.getExportsOfModule(moduleOf("cdk-nomad")).flatMap((exported) => {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    return (symbol.declarations ?? []).filter(ts.isClassDeclaration);
  });
  expect(classes.length).toBeGreaterThan(80);
  const parameters = classes.flatMap(({ name, members }) =>
    members
      .filter(ts.isConstructorDeclaration)
      .filter((made) => !(ts.getCombinedModifierFlags(made) & ts.ModifierFlags.Private))
      .flatMap((made) => made.parameters)
      .filter(({ type }) => type && ts.isTypeLiteralNode(type))
      .map((parameter) => `${name?.text}: ${parameter.name.getText()}`),
  );
  expect(parameters).toEqual([]);
});

test("a name that several doors have is one thing", () => {
  const things = new Map<string, Set<ts.Symbol>>();
  for (const door of DOORS)
    for (const exported of checker.getExportsOfModule(moduleOf(door))) {
      const own = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      things.set(exported.name, (things.get(exported.name) ?? new Set()).add(own));
    }
  expect(things.size).toBeGreaterThan(300);
  expect([...things].filter(([, each]) => each.size > 1).map(([name]) => name)).toEqual([]);
});

/** What the settings of a slot pool are read from is for programs that deploy one. */
const DEPLOYS_ALONE = ["SLOT_POOL_VARIABLES", "slotPoolSettings"];

test("the jobs of the pools come through both doors, and what else their room has comes through none", () => {
  const [main, pools, room] = (["cdk-nomad", "cdk-nomad/pools", "jobs"] as const).map(
    (name) => new Set(checker.getExportsOfModule(moduleOf(name)).map((symbol) => symbol.name)),
  ) as [Set<string>, Set<string>, Set<string>];
  const published = [...room].filter((name) => pools.has(name));
  expect(published).toContain("WarmPoolJob");
  expect([...room].filter((name) => main.has(name)).sort()).toEqual([...published, ...DEPLOYS_ALONE].sort());
});
