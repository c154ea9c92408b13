import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

const ROOT = join(__dirname, "../../..");
/** The beginning of a command that somebody may paste, up to where a value is put into it. */
const COMMAND = /(?:^|[\s"(:`])(?:npx )?(?:cdk-nomad|nomad|consul) [a-z][a-z-]*(?: [^:;,()"]*)?$/;

/** The values that a text puts into commands without making a word for a shell of them. */
function bareIn(source: ts.SourceFile): readonly string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isTemplateExpression(node)) {
      let before = node.head.text;
      for (const { expression, literal } of node.templateSpans) {
        if (COMMAND.test(before) && !isWord(expression)) found.push(expression.getText(source));
        before += `\u0001${literal.text}`;
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** What is quoted, a choice between words of our own, and a lease's generation, which is a number. */
function isWord(expression: ts.Expression): boolean {
  if (ts.isCallExpression(expression)) return /^shell(?:Quoted|Word)$/.test(expression.expression.getText());
  if (ts.isConditionalExpression(expression)) return [expression.whenTrue, expression.whenFalse].every(isOwn);
  return expression.getText() === "generation";
}

function isOwn(expression: ts.Expression): boolean {
  const text = ts.isTaggedTemplateExpression(expression) ? expression.template : expression;
  return ts.isStringLiteralLike(text);
}

const parsed = (name: string, text: string) => ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);

test("what is put into a command is found", () => {
  const code = "[`run: cdk-nomad deploy ${a} --job ${shellQuoted(b)}`, term`(nomad job stop ${c})`, `${d} is there`]";
  expect(bareIn(parsed("x.ts", code))).toEqual(["a", "c"]);
});

test("every command that is shown to be pasted has foreign names as words of a shell: an id such as $(id) runs nothing", () => {
  const bare = readdirSync(join(ROOT, "lib"), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.tsx?$/.test(file))
    .flatMap((file) => bareIn(parsed(file, readFileSync(join(ROOT, "lib", file), "utf8"))).map((each) => [file, each]));
  expect(bare).toEqual([]);
});
