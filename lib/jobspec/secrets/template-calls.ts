import { phrase, type Phrase } from "./phrase";

/**
 * The part of the template language that hands values over: literals, and what stands in where something is missing. Each part is the source of a pattern.
 *
 * @see https://github.com/hashicorp/consul-template/blob/main/docs/templating-language.md
 */

/** A literal of Go's, with its quotes. */
const LITERAL = String.raw`(?:"(?:[^"\\\n]|\\.){0,1000}"|\x60[^\x60]{0,1000}\x60)`;
const ARGUMENT = String.raw`(?:"[^"\n]{0,400}"|\x60[^\x60]{0,400}\x60|[\w.$]{1,100}|\([^()]{0,400}\))`;
const SPACE = String.raw`\s{1,9}`;

/** Functions that take where something is, and a literal for where it is not there. */
const WITH_DEFAULT = String.raw`\b(?:key|env)OrDefault`;

/** Literals that are what a template writes, and not where that is: the only group. */
export const WRITTEN_LITERALS: readonly RegExp[] = [
  String.raw`^\{\{-?\s{0,9}(${LITERAL})`,
  `${WITH_DEFAULT}${SPACE}${ARGUMENT}${SPACE}(${LITERAL})`,
  String.raw`\b(?:or|default|sprig_default)(?:${SPACE}${ARGUMENT}){0,4}?${SPACE}(${LITERAL})`,
  String.raw`\b(?:base64Decode|base64URLDecode|sprig_b64dec|print|println|toJSON)${SPACE}(${LITERAL})`,
].map((source) => new RegExp(source, "g"));

/** A literal that is not empty, with what stands between its quotes as a group. */
const within = (most: number) => String.raw`["\x60]([^"\x60\n]{1,${most}})["\x60]`;
const [NAME, VALUE] = [within(200), within(400)];

/** How a template has a value ready where what it reads is missing: where that is read is the first group, the value the second one. */
export const TEMPLATE_CALLS: readonly Phrase[] = [
  phrase(new RegExp(WITH_DEFAULT), new RegExp(`${WITH_DEFAULT}${SPACE}${NAME}${SPACE}${VALUE}`, "g")),
  phrase(/\bor\b/, new RegExp(String.raw`\bor${SPACE}\((?:env|key)${SPACE}${NAME}\)${SPACE}${VALUE}`, "g")),
];
