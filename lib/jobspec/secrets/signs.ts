/** Kinds of signs, a bit each. */
export const SIGNS = {
  /** A space, a tab or the end of a line. */
  space: 1,
  /** `=` or `:`. */
  assigns: 2,
  /** `$`, `{` or `}`, of which references are made. */
  fillsIn: 4,
  /** Any other sign, and any letter that is not of ASCII. */
  other: 8,
} as const;

const ALL = SIGNS.space | SIGNS.assigns | SIGNS.fillsIn | SIGNS.other;

/** Letters and digits of ASCII, and what stands in names, paths and keys beside them, are none. */
const OF_WORDS = /[\w./+~-]/;

const BY_CODE = Uint8Array.from({ length: 128 }, (_none, code) => {
  const sign = String.fromCharCode(code);
  if (OF_WORDS.test(sign)) return 0;
  if (/\s/.test(sign)) return SIGNS.space;
  if (/[=:]/.test(sign)) return SIGNS.assigns;
  return /[${}]/.test(sign) ? SIGNS.fillsIn : SIGNS.other;
});

/**
 * The signs in a text, one bit for each kind. Every way to write a secret needs some, but for keys that have a form of their own; most texts of a job
 * have none, and are not looked through for what they cannot hold.
 */
export function signsOf(text: string): number {
  let found = 0;
  for (let at = 0; at < text.length && found !== ALL; at += 1) {
    const code = text.charCodeAt(at);
    found |= code < 128 ? (BY_CODE[code] ?? SIGNS.other) : SIGNS.other;
  }
  return found;
}
