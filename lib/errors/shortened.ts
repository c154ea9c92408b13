/** What stands where a text goes on that is not shown to its end. What hides secrets knows it: a secret whose beginning stands before it is hidden, too. */
export const CUT = "…";

/** The longest word, in characters, that is left out rather than cut. */
const LONGEST_WORD = 300;

/**
 * As much of somebody else's text as a message has room for, with {@link CUT} behind it where that is not all. It is cut between two words, since half a token is known by
 * nothing and is half a secret. A text that fits stays as it is.
 *
 * @param most characters of the text that are kept
 */
export function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  // A text of one word is cut inside of it.
  const rest = text.slice(Math.max(0, most - LONGEST_WORD), most + 1);
  const word = /\s(?=\S*$)/.exec(rest);
  const end = word === null ? most : most + 1 - rest.length + word.index;
  return `${text.slice(0, end).trimEnd().toWellFormed()}${CUT}`;
}
