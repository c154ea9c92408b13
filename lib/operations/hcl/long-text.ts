import { UserError } from "../../errors";

/** `data = <<EOF` at the end of a line. */
const OPENS = /<<-?[ \t]*([A-Za-z_][\w-]{0,100})[ \t\r]*$/;

/**
 * The time of Nomad's parser grows with the lines of a heredoc times its bytes: 1 MiB over 10,000 lines takes it some 7 s, over 95,000 lines
 * a minute (Nomad 1.11.3, a core of 2026). Beyond this product nobody would see the end.
 */
const MOST_WORK = 150e9;

/**
 * Refuses a text that Nomad's parser would be at for minutes or hours, at once and with the place.
 *
 * @throws UserError where a heredoc is too long for it
 */
export function checkHeredocs(file: string, text: string): void {
  let opened: { readonly word: string; readonly row: number; readonly at: number } | undefined;
  let row = 0;
  for (let at = 0; at < text.length;) {
    const next = text.indexOf("\n", at);
    const end = next < 0 ? text.length : next;
    row += 1;
    if (opened === undefined) {
      // A longer line is no beginning of a heredoc that somebody wrote.
      const [, word] = OPENS.exec(text.slice(Math.max(at, end - LONGEST_BEGINNING), end)) ?? [];
      if (word !== undefined) opened = { word, row, at: end };
    } else if (end - at <= opened.word.length + LONGEST_BEGINNING && text.slice(at, end).trim() === opened.word) {
      const [lines, bytes] = [row - opened.row - 1, at - opened.at];
      if (lines * bytes > MOST_WORK) throw tooLong(`${file}:${opened.row}`, lines, bytes);
      opened = undefined;
    }
    at = end + 1;
  }
}

const LONGEST_BEGINNING = 400;

function tooLong(place: string, lines: number, bytes: number): UserError {
  const size = `${(bytes / 1024 / 1024).toFixed(1)} MiB over ${lines} lines`;
  return UserError.at(
    place,
    `is a text of ${size}, which Nomad's own parser does not read within minutes; keep it in a file of its own, with data = file("…") or as an artifact, or give the job as JSON`,
    "hcl/size",
  );
}
