/**
 * How foreign text is written into GitHub's Markdown. A text is taken apart at its spaces. What is a word and nothing else is written as
 * it is; whatever GitHub might take for more (Markdown, HTML, a mention, a reference to an issue or a commit, a link, an emoji, a
 * formula) is written as code, in which GitHub reads nothing, and from which a person copies it unchanged.
 */

/** Letters and digits, with signs between and around them that mean nothing to GitHub. */
const WORD = /^[("']*[\p{L}\p{M}\p{N}]+(?:[-.,'’/][\p{L}\p{M}\p{N}]+)*[)"'’.,:;?…]*$/u;
/** Signs outside of ASCII, such as arrows, dashes and emoji. */
const SIGNS = /^[^\x00-\x7f\s]+$/u;
/** A number with a dot or bracket begins a list; what looks like a commit or an issue becomes a link; "www." does so too. */
const MORE = /^\d{1,9}[.)]$|[0-9a-f]{7}|\bgh-\d|www\./i;

function isWord(text: string): boolean {
  return (WORD.test(text) || SIGNS.test(text)) && !MORE.test(text);
}

/** Foreign text, on one line, for Markdown. */
export function foreignMarkdown(text: string): string {
  return written(text, codeSpan, (word) => word);
}

/** Foreign text, on one line, for HTML in which no Markdown is read. */
export function foreignHtml(text: string): string {
  return written(text, (code) => `<code>${html(code)}</code>`, html);
}

function written(text: string, code: (text: string) => string, word: (text: string) => string): string {
  const parts: string[] = [];
  let pending = "";
  const flush = () => {
    if (pending !== "") parts.push(code(pending));
    pending = "";
  };
  for (const part of text.split(/(\s+)/)) {
    if (part === "") continue;
    if (/^\s/.test(part)) {
      flush();
      parts.push(" ");
    } else if (isWord(part)) parts.push(word(part));
    else pending = part;
  }
  flush();
  return parts.join("");
}

/** A span of code. Bars stand outside of it, since in a table they would end the cell even in code. */
function codeSpan(text: string): string {
  return text
    .split(/(\|+)/)
    .map((part) => (part === "" ? "" : part.startsWith("|") ? "&#124;".repeat(part.length) : ticked(part)))
    .join("");
}

function ticked(text: string): string {
  let longest = 0;
  for (const [run] of text.matchAll(/`+/g)) longest = Math.max(longest, run.length);
  const fence = "`".repeat(longest + 1);
  const room = text.startsWith("`") || text.endsWith("`") ? " " : "";
  return `${fence}${room}${text}${room}${fence}`;
}

function html(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
