import { argumentSpans } from "./arguments";
import type { SecretSpan } from "./forms";
import { isPairInList, NAME_KEYS, VALUE_KEYS } from "./labels";
import { suspicionOf } from "./names";
import { isSecretPair } from "./pairs";
import { isPlainlyNoSecret } from "./values";

/** What is known of a value in plain data by the way to it. */
export interface Around {
  /** The key that it stands under; of an element of a list that of the list. */
  readonly name: string;
  /** Whether it is part of something that is a secret as a whole, such as `credentials: { … }`. */
  readonly isSecret: boolean;
  /** The element before it in its list, which may be the option that it is the value of: `["--token", "x"]`. */
  readonly before?: unknown;
  /** Whether the list has two elements, as a name and its value. */
  readonly inPair?: boolean;
  /** The command that a list has the arguments of. */
  readonly command?: readonly string[];
  /** What is secret in it as an argument of its command: of `-pwinter` behind `mysql` the part `winter`. */
  readonly spans?: readonly SecretSpan[];
}

/** Where nothing is known. */
export const NOTHING_AROUND: Around = { name: "", isSecret: false };

/** Keys under which sentences stand: a colon in them goes on with the sentence, where under other keys `NAME: value` is a setting. */
const SENTENCES = new Set(
  (
    "message msg error errors err reason reasons why description detail details note notes hint warning warnings path place title summary " +
    "what label log"
  ).split(" "),
);

/** Whether sentences stand under a key. */
export function isSentence(key: string): boolean {
  return SENTENCES.has(key);
}

/** Deeper data than this is not followed by anybody. */
export const DEEPEST = 100;

/** Whether a text is a secret by what is around it; what it holds by its form is another question. */
export function isSecretHere(text: string, { name, isSecret, before, inPair }: Around): boolean {
  if (isSecretPair(name, text)) return true;
  if (isSecret && !isPlainlyNoSecret(text)) return true;
  if (typeof before !== "string" || text.startsWith("-")) return false;
  if (OPTION.test(before) || HEADER.test(before)) return isSecretPair(before, text);
  return inPair === true && NAME.test(before) && isPairInList(before, text);
}

const OPTION = /^--?[A-Za-z][\w-]{0,80}$/;
const NAME = /^[\p{L}][\p{L}\p{M}\w.-]{2,80}$/u;
/** Names that are headers and nothing else, so that a list in which one stands has its value behind it. */
const HEADER = /^(?:(?:proxy-)?authorization|(?:set-)?cookie|x-[\w-]{1,60}-(?:key|token|secret))$/i;

/** What is around each element of a list. */
export function aroundElements(around: Around, list: readonly unknown[]): (index: number) => Around {
  const { name, isSecret, command = [] } = around;
  const spans = argumentSpans(command, list);
  const inPair = list.length === 2;
  return (index) => ({ name, isSecret, before: list[index - 1], inPair, spans: spans.get(index) ?? [] });
}

/** What is around the value of a key. In `{ name: "DB_PASSWORD", value: "…" }` the name stands beside the value. */
export function aroundKey(around: Around, object: Readonly<Record<string, unknown>>, key: string): Around {
  const item = object[key];
  const name = (VALUES.has(key.toLowerCase()) && labelOf(object)) || key;
  const isWhole = typeof item === "object" && !isFetched(item) && suspicionOf(name) === "secret";
  const command = Array.isArray(item) && COMMANDS.has(key.toLowerCase()) ? commandOf(object, key) : [];
  return { name, isSecret: around.isSecret || isWhole, command };
}

const VALUES: ReadonlySet<string> = new Set(VALUE_KEYS);
const NAMES: ReadonlySet<string> = new Set(NAME_KEYS.map((key) => key.toLowerCase()));

/** The name beside a value: of several the one that says most. */
function labelOf(object: Readonly<Record<string, unknown>>): string | undefined {
  const labels = Object.keys(object)
    .filter((key) => NAMES.has(key.toLowerCase()))
    .map((key) => object[key])
    .filter((label) => typeof label === "string" && label.length <= LONGEST_LABEL);
  const found = labels.find((label) => typeof label === "string" && suspicionOf(label) !== "none") ?? labels[0];
  return typeof found === "string" ? found : undefined;
}

const LONGEST_LABEL = 200;

/** Keys of a command and of what it is given, in the order in which they are run. */
const COMMANDS = new Set(["entrypoint", "command", "cmd", "args", "argv"]);

/** What stands before a list of arguments: the command beside it. */
function commandOf(object: Readonly<Record<string, unknown>>, key: string): readonly string[] {
  const before: unknown[] = [];
  for (const step of COMMANDS) {
    if (step === key.toLowerCase()) break;
    const own = Object.keys(object).find((each) => each.toLowerCase() === step);
    if (own !== undefined) before.push(object[own]);
  }
  return before.flat().filter((word): word is string => typeof word === "string");
}

/** Nomad's `secret` blocks say where a secret is fetched. https://developer.hashicorp.com/nomad/docs/job-specification/secret */
function isFetched(item: unknown): boolean {
  return Array.isArray(item) && item.every((each) => typeof each === "object" && each !== null && "Provider" in each);
}
