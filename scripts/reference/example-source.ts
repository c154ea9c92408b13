import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as ts from "typescript";

const FOLDER = join(__dirname, "../../examples/rules");

/** An example as it stands in its file. */
export interface ExampleSource {
  readonly fails: string;
  readonly passes: string;
}

/** The examples of rules, by rule, as somebody wrote them. */
export function exampleSources(): ReadonlyMap<string, ExampleSource> {
  const found = new Map<string, ExampleSource>();
  for (const file of readdirSync(FOLDER).filter((name) => name.endsWith("-rules.ts"))) {
    const source = ts.createSourceFile(file, readFileSync(join(FOLDER, file), "utf8"), ts.ScriptTarget.Latest, true);
    const visit = (node: ts.Node): void => {
      if (
        ts.isPropertyAssignment(node) &&
        ts.isStringLiteral(node.name) &&
        ts.isObjectLiteralExpression(node.initializer)
      ) {
        const [fails, passes] = ["fails", "passes"].map((side) =>
          sideOf(node.initializer as ts.ObjectLiteralExpression, side),
        );
        if (fails !== undefined && passes !== undefined) found.set(node.name.text, { fails, passes });
      } else ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return found;
}

/** What one side of an example is made of; where it is made only when it is asked for, what it gives. */
function sideOf(example: ts.ObjectLiteralExpression, side: string): string | undefined {
  for (const property of example.properties) {
    if (!ts.isPropertyAssignment(property) || property.name.getText() !== side) continue;
    const { initializer } = property;
    return (ts.isArrowFunction(initializer) ? initializer.body : initializer).getText();
  }
  return undefined;
}
