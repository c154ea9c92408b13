/**
 * Text on its way into a language: a terminal, GitHub's Markdown, the commands of GitHub's runner, a shell. Foreign text crosses through
 * these functions only; the types tell our words from everybody else's.
 */
export {
  block,
  fit,
  join,
  joinLines,
  jsonText,
  style,
  table,
  term,
  wrap,
  type Style,
  type TerminalText,
  type TerminalValue,
} from "./terminal-text";
export { renderTerminal, widthOf, type TerminalOptions } from "./render-terminal";
export { withoutCommands, workflowCommand } from "./runner";
export { shellQuoted, shellWord } from "./shell";
export {
  cellLines,
  codeBlock,
  details,
  htmlComment,
  joinMarkdown,
  markdownTable,
  md,
  type Markdown,
  type MarkdownValue,
} from "./markdown-text";
export { renderBody, renderMarkdown, type BodyOptions, type MarkdownOptions } from "./render-markdown";
export { visibleJson } from "./visible";
