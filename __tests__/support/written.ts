import { Job } from "../../lib";
import {
  block,
  cellLines,
  codeBlock,
  details,
  fit,
  join,
  joinLines,
  joinMarkdown,
  markdownTable,
  md,
  style,
  table,
  term,
  wrap,
  type Markdown,
  type TerminalText,
} from "../../lib/text";

/** What no foreign text may bring: controls but line feeds, bidi and other formats, separators of lines. */
export const ACTS = /(?![\n\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
/** The codes of styles. */
export const OWN_CODES = /\u001b\[\d+m/g;

/** Every way in which a command puts a foreign text into what it prints. */
export function terminalWays(text: string): TerminalText {
  return joinLines([
    text,
    term`${text}${text}`,
    term`job ${style.bold(text)}: ${style.red(term`${text} failed`)}`,
    block(text),
    style.dim(block(text)),
    wrap(term`${style.yellow("!")} ${text}`, { indent: 2, hanging: 2 }),
    wrap(block(text), { indent: 4 }),
    fit(text),
    table(
      ["JOB", text],
      [
        [text, style.green(text)],
        [block(text), "x"],
      ],
    ),
    join([text, text], term`, `),
  ]);
}

/** Every way in which a command puts a foreign text into Markdown, with a word before and behind it, or alone. */
export const MARKDOWN_WAYS: Readonly<Record<string, (text: string) => Markdown>> = {
  alone: (text) => md`${text}`,
  "in a paragraph": (text) => md`**${"x"}**: ${text} and ${text}\n${text} again`,
  "in bold": (text) => md`**x ${text} x** y`,
  "beside another": (text) => md`${text}${text}`,
  "in a list": (text) => md`- ⚠️ ${text}\n- **x** ${text}`,
  "in a table": (text) =>
    markdownTable(
      ["job", text],
      [
        [text, cellLines([md`${text}: 1 created`, text])],
        [md`x (${text})`, ""],
      ],
    ),
  "in a title": (text) => details(md`${text}: 2 fields`, [md`${text}`]),
  "before code": (text) => joinMarkdown([md`${text}`, codeBlock("diff", "+ x")], md`\n\n`),
};

/** A job in whose every free place stands a text of somebody else. */
export function jobOf(at: (place: number) => string): Job {
  return Job.fromApi({
    ID: at(0),
    Name: at(1),
    Meta: { [at(2)]: at(3) },
    TaskGroups: [
      {
        Name: at(4),
        Unknown: { [at(5)]: [at(6), { [at(7)]: at(8) }] },
        Tasks: [
          {
            Name: at(9),
            Driver: at(10) || "custom",
            Config: { [at(11)]: at(12), args: [at(13)] },
            Env: { [at(14)]: at(15) },
            Templates: [{ DestPath: at(16), EmbeddedTmpl: `${at(17)}\n${at(18)}` }],
            Constraints: [{ LTarget: at(19), RTarget: at(20), Operand: "=" }],
          },
        ],
      },
    ],
  });
}
