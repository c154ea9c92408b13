import fc from "fast-check";
import { codeBlock, details, htmlComment, markdownTable, md, renderBody, renderMarkdown } from "../../../lib/text";
import { hostile, RUNS } from "../../support/hostile";
import { markdownReader, REFERENCES, type MarkdownReader } from "../../support/markdown";
import { MARKDOWN_WAYS } from "../../support/written";

const plain = { mask: (text: string) => text };

let readMarkdown: MarkdownReader;
beforeAll(async () => {
  readMarkdown = await markdownReader();
});

describe.each(Object.entries(MARKDOWN_WAYS))("a foreign text %s", (_way, write) => {
  it("stays text, and reads as it was", () => {
    // A text of one word has the shape that is meant.
    const meant = readMarkdown(renderMarkdown(write("word"), plain)).shape;
    const shown = readMarkdown(renderMarkdown(write("MARK"), plain)).words;
    fc.assert(
      fc.property(hostile, (text) => {
        const rendered = renderMarkdown(write(`a ${text}`), plain);
        const read = readMarkdown(rendered);
        expect(read.shape).toBe(meant);
        expect(read.words.replaceAll(" ", "")).toBe(
          shown.replaceAll("MARK", () => `a ${visible(text)}`).replaceAll(/\s/g, ""),
        );
        expect(read.prose.filter((prose) => REFERENCES.some((pattern) => pattern.test(prose)))).toEqual([]);
      }),
      RUNS,
    );
  });

  it("stays text at the beginning of what is written", () => {
    const meant = readMarkdown(renderMarkdown(write("word"), plain)).shape;
    fc.assert(
      fc.property(hostile, (text) => {
        fc.pre(visible(text).trim() !== "");
        expect(readMarkdown(renderMarkdown(write(text), plain)).shape).toBe(meant);
      }),
      RUNS,
    );
  });
});

/** A text as it is shown on one line. */
function visible(text: string): string {
  return text
    .toWellFormed()
    .replaceAll("\n", "⏎")
    .replaceAll("\t", " ")
    .replaceAll(/(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (sign) => {
      const short = { "\r": "\\r", "\0": "\\0", "\b": "\\b", "\f": "\\f", "\v": "\\v" }[sign];
      const code = sign.codePointAt(0) ?? 0;
      const hex = code.toString(16);
      if (short) return short;
      return code > 0xffff ? `\\u{${hex}}` : code > 0xff ? `\\u${hex.padStart(4, "0")}` : `\\x${hex.padStart(2, "0")}`;
    });
}

it("a block of code holds what it is given, and ends where it should", () => {
  fc.assert(
    fc.property(
      fc.array(hostile).map((texts) => texts.join("\n")),
      (content) => {
        const document = details(md`x`, [codeBlock("text", content), md`behind`]);
        expect(readMarkdown(renderMarkdown(document, plain)).shape).toBe(
          "root(<details><summary></summary> code(text) paragraph(text) </details>)",
        );
      },
    ),
    RUNS,
  );
});

it("a comment of HTML holds what it is given, and ends where it should", () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const rendered = renderMarkdown(md`words ${htmlComment(text)}\n\nmore`, plain);
      expect(readMarkdown(rendered).shape).toBe("root(paragraph(text <!-- -->) paragraph(text))");
    }),
    RUNS,
  );
});

it("words are written as they are, and the rest as code", () => {
  const say = (text: string) => renderMarkdown(md`${text}`, plain);
  expect(say("memory: 256 MiB → 300 MiB (in place)")).toBe("memory: 256 MiB → 300 MiB (in place)");
  expect(say("see #1 of @octocat at https://a.b/c?d")).toBe("see `#1` of `@octocat` at `https://a.b/c?d`");
  expect(say("a|b ` c")).toBe("`a`&#124;`b` `` ` `` c");
});

it("is masked before it is written", () => {
  const mask = (text: string) => text.replaceAll("s_t", "***");
  expect(renderMarkdown(md`ours s_t: ${"s_t"}`, { mask })).toBe("ours s_t: `***`");
  expect(renderMarkdown(codeBlock("text", "a s_t"), { mask })).toBe("```text\na ***\n```");
});

describe("a body", () => {
  const options = {
    ...plain,
    longest: 200,
    otherwise: md`See all of it.`,
  };

  it("is whole where there is room", () => {
    expect(renderBody(md`head`, [md`a`, md``, md`b`], options)).toBe("head\n\na\n\nb");
  });

  it("leaves whole parts out from the end, and says so", () => {
    const body = renderBody(md`head`, [md`a`, codeBlock("text", "x".repeat(200)), md`c`], options);
    expect(body).toBe("head\n\na\n\n_2 more parts are left out: a comment holds 200 characters._ See all of it.");
  });

  it("keeps the rows of a table that fit", () => {
    const rows = Array.from({ length: 20 }, (_none, row) => [`job${row}`, "x"]);
    const body = renderBody(md`head`, [markdownTable(["job", "change"], rows)], options);
    expect(body.length).toBeLessThanOrEqual(200);
    expect(body).toContain("| job3 | x |");
    expect(body).toContain("1 more part is left out");
  });
});
