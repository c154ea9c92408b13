import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

/** Every relative link, and every anchor, of the documents leads somewhere. */

const ROOT = join(__dirname, "../..");

interface Node {
  readonly type: string;
  readonly url?: string;
  readonly value?: string;
  readonly position?: { readonly start: { readonly line: number } };
  readonly children?: readonly Node[];
}

/** Reads Markdown as GitHub does; its parser comes as modules. */
let parse: (text: string) => Node;
beforeAll(async () => {
  const [{ fromMarkdown }, { gfmFromMarkdown }, { gfm }] = await Promise.all([
    import("mdast-util-from-markdown"),
    import("mdast-util-gfm"),
    import("micromark-extension-gfm"),
  ]);
  parse = (text) => fromMarkdown(text, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
});

function documents(): readonly string[] {
  const listed = execFileSync("git", ["ls-files", "*.md"], { cwd: ROOT, encoding: "utf8" });
  return listed.split("\n").filter((name) => name !== "" && existsSync(join(ROOT, name)));
}

const read = new Map<string, readonly Node[]>();

/** Every node of a document, which is read once. */
function nodesOf(document: string): readonly Node[] {
  const known = read.get(document);
  if (known) return known;
  const all = (node: Node): readonly Node[] => [node, ...(node.children ?? []).flatMap(all)];
  const nodes = all(parse(readFileSync(join(ROOT, document), "utf8")));
  read.set(document, nodes);
  return nodes;
}

function textOf({ value = "", children = [] }: Node): string {
  return value + children.map(textOf).join("");
}

/** The anchors of a document's headings, as GitHub makes them. */
function anchorsOf(document: string): ReadonlySet<string> {
  const found = new Set<string>();
  for (const heading of nodesOf(document).filter(({ type }) => type === "heading")) {
    const base = textOf(heading)
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}\p{Pc} -]/gu, "")
      .replaceAll(" ", "-");
    let anchor = base;
    for (let count = 1; found.has(anchor); count += 1) anchor = `${base}-${count}`;
    found.add(anchor);
  }
  return found;
}

/** What is wrong with a link; undefined where it leads somewhere. */
function wrongWith(document: string, url: string): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(url)) return undefined;
  const [path = "", anchor] = url.split("#", 2);
  const target = path === "" ? join(ROOT, document) : resolve(ROOT, dirname(document), decodeURIComponent(path));
  if (relative(ROOT, target).startsWith("..")) return "leads out of the repository";
  if (!existsSync(target)) return "leads to no file";
  if (anchor === undefined || !target.endsWith(".md") || !statSync(target).isFile()) return undefined;
  return anchorsOf(relative(ROOT, target)).has(anchor) ? undefined : "leads to no heading";
}

test("there are documents with links", () => {
  const linked = documents().filter((name) =>
    nodesOf(name).some(({ type, url = "" }) => type === "link" && !/^https?:/.test(url)),
  );
  expect(linked).toEqual(expect.arrayContaining(["README.md", "docs/architecture.md"]));
});

test.each(documents())("every link of %s leads somewhere", (document) => {
  const wrong = nodesOf(document).flatMap(({ type, url, position }) => {
    if (url === undefined || !["link", "image", "definition"].includes(type)) return [];
    const why = wrongWith(document, url);
    return why === undefined ? [] : [`${document}:${position?.start.line ?? 0}: ${url} ${why}`];
  });
  expect(wrong).toEqual([]);
});

test.each([
  ["docs/nowhere.md", "leads to no file"],
  ["README.md#no-such-heading", "leads to no heading"],
  ["../elsewhere", "leads out of the repository"],
])("a link to %s is found", (url, why) => expect(wrongWith("README.md", url)).toBe(why));
