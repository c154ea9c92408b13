import type { Nodes } from "mdast";

/** What GitHub makes of a text in Markdown, as far as its structure goes. */
export interface Read {
  /** The tree: types, and for HTML its tags. Words and code within a line are "text". */
  readonly shape: string;
  /** All that a person reads, in its order; white space is one space. */
  readonly words: string;
  /** The texts in which GitHub, after Markdown, looks for mentions, references, commits, emoji and formulas. */
  readonly prose: readonly string[];
}

/** Reads a text as GitHub does: CommonMark with tables, strikethrough, autolinks, footnotes and tasks. */
export type MarkdownReader = (text: string) => Read;

/** The reader, whose parser comes as modules that are loaded first. */
export async function markdownReader(): Promise<MarkdownReader> {
  const [{ fromMarkdown }, { gfmFromMarkdown }, { gfm }] = await Promise.all([
    import("mdast-util-from-markdown"),
    import("mdast-util-gfm"),
    import("micromark-extension-gfm"),
  ]);
  return (text) => read(fromMarkdown(text, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] }));
}

function read(tree: Nodes): Read {
  const words: string[] = [];
  const prose: string[] = [];
  const shape = (node: Nodes): string => {
    switch (node.type) {
      case "text":
        words.push(node.value);
        prose.push(node.value);
        return "text";
      case "inlineCode":
        words.push(node.value);
        return "text";
      case "html": {
        const { tags, texts } = readHtml(node.value);
        words.push(...texts.map(({ value }) => value));
        prose.push(...texts.filter(({ code }) => !code).map(({ value }) => value));
        return tags;
      }
      case "code":
        words.push(node.value);
        return `code(${node.lang ?? ""})`;
      default: {
        const children = "children" in node ? node.children.map(shape) : [];
        // Words and code stand beside each other in any number.
        const kept = children.filter((child, index) => child !== "text" || children[index - 1] !== "text");
        return `${node.type}(${kept.join(" ")})`;
      }
    }
  };
  return { shape: shape(tree), words: squeezed(words.join("")), prose };
}

/** HTML as far as the project writes it: tags without what foreign text could bring, texts with five references. */
function readHtml(html: string) {
  const texts: { readonly value: string; readonly code: boolean }[] = [];
  const tags: string[] = [];
  let code = false;
  for (const [part] of html.matchAll(/<!--[^]*?-->|<[^>]*>|[^<]+/g)) {
    if (part.startsWith("<!--")) tags.push("<!-- -->");
    else if (part.startsWith("<")) {
      if (part === "<code>" || part === "</code>") code = part === "<code>";
      else tags.push(part);
    } else texts.push({ value: decoded(part), code });
  }
  return { tags: tags.join(""), texts };
}

function decoded(text: string): string {
  const named: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'", "#124": "|" };
  return text.replaceAll(/&(amp|lt|gt|quot|#39|#124);/g, (_all, name: string) => named[name] ?? "");
}

function squeezed(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

/**
 * What GitHub looks for in prose after Markdown: mentions, issues, commits, emoji, formulas, and what some of its pages link.
 *
 * @see https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
 */
export const REFERENCES: readonly RegExp[] = [
  /@[a-z0-9]/i,
  /#\d/,
  /\bGH-\d/i,
  /[0-9a-f]{7,40}/i,
  /:[\w+-]+:/,
  /\$/,
  /:\/\//,
  /\bwww\./i,
  /\w@\w/,
];
