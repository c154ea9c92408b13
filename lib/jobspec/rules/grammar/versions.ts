// The notations of github.com/hashicorp/go-version, and of the stricter one that Nomad made of it.

// Written so that a text can be taken apart in one way only: the time that it takes grows with its length and no faster.

const NUMBERS = String.raw`v?[0-9]+(?:\.[0-9]+)*`;
const NUMBERED = String.raw`-[0-9][0-9A-Za-z\-~]*(?:\.[0-9A-Za-z\-~]+)*`;
const WORDED = String.raw`[A-Za-z\-~][0-9A-Za-z\-~]*(?:\.[0-9A-Za-z\-~]+)*`;
const BUILD = String.raw`(?:\+[0-9A-Za-z\-~]+(?:\.[0-9A-Za-z\-~]+)*)?`;

const VERSION = new RegExp(`^(?:=|!=|>|<|>=|<=|~>)?\\s*${NUMBERS}(?:${NUMBERED}|-?${WORDED})?${BUILD}$`);
const SEMVER = new RegExp(`^(?:=|!=|>|<|>=|<=)?\\s*${NUMBERS}(?:${NUMBERED}|-${WORDED})?${BUILD}$`);

/** Whether a text is a list of version constraints, such as `>= 1.2, < 2`. */
export function isVersionConstraint(text: string, notation: "version" | "semver"): boolean {
  const form = notation === "version" ? VERSION : SEMVER;
  return text.split(",").every((part) => form.test(part.trim()));
}
