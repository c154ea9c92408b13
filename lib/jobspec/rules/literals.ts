import { Driver } from "../drivers";
import { Block, eachProperty, isKnown, isPlainObject, Place, type JobProblem } from "../engine";
import {
  aroundElements,
  aroundKey,
  DEEPEST,
  isSecretHere,
  isSentence,
  isWord,
  NOTHING_AROUND,
  remembering,
  secretSpans,
  suspicionOf,
  type Around,
} from "../secrets";
import type { JobRule } from "./walk";

/**
 * Secrets that stand in a job in plain: whoever may read the job, or Terraform's state, may read them. Every text of the job is looked
 * at, wherever it stands. Synthesis stops at one whose form leaves no doubt.
 */
export const literals: JobRule = ({ value, at }) => inBlock(value, at);

function inBlock(block: Block, at: Place): void {
  eachProperty(block, (name, value) => inProperty(name, value, at));
  const overrides = block.overridden();
  if (overrides) inData(overrides, NOTHING_AROUND, at.property("overrides"), 0);
}

function inProperty(name: string, value: unknown, parent: Place): void {
  // Texts first: most are words, of which there is nothing to say, and no place is needed.
  if (typeof value === "string") {
    if (!isWord(value) || suspicionOf(name) !== "none")
      inText(value, { ...NOTHING_AROUND, name }, parent.property(name));
  } else if (typeof value === "object") inStructure(name, value, parent);
}

function inStructure(name: string, value: object | null, parent: Place): void {
  // A driver stands for its configuration.
  const held: unknown = value instanceof Driver ? value.config : value;
  if (held instanceof Block) inBlock(held, parent.property(name));
  else if (Array.isArray(held)) inList(name, held, parent.property(name));
  // Whatever else is no data, such as a duration, has no text.
  else if (isPlainObject(held)) inData(held, { ...NOTHING_AROUND, name }, parent.property(name), 0);
}

function inList(name: string, list: readonly unknown[], at: Place): void {
  if (!list.some((item) => item instanceof Block)) inData(list, { ...NOTHING_AROUND, name }, at, 0);
  else list.forEach((item, index) => item instanceof Block && inBlock(item, at.block(index, item)));
}

function inData(value: unknown, around: Around, at: Place, depth: number): void {
  if (typeof value === "string") inText(value, around, at);
  else if (typeof value === "number") inText(isKnown(value) ? String(value) : "", around, at);
  else if (!isKnown(value) || depth > DEEPEST) return;
  else if (Array.isArray(value)) {
    const aroundElement = aroundElements(around, value);
    value.forEach((item, index) => inData(item, aroundElement(index), at.element(index), depth + 1));
  } else if (isPlainObject(value)) {
    for (const key of Object.keys(value))
      inData(value[key], aroundKey(around, value, key), at.property(key), depth + 1);
  }
}

/**
 * Secrets that stand in plain under names outside of a job, such as the keys of Consul's KV store, of which the last step is the name.
 *
 * @param place what the values are called in the problems
 */
export function literalsAmong(values: Readonly<Record<string, string>>, place: string): JobProblem[] {
  const found: JobProblem[] = [];
  const at = Place.root(found, { name: place });
  for (const [key, value] of Object.entries(values)) {
    const name = key.slice(key.lastIndexOf("/") + 1);
    inText(value, { ...NOTHING_AROUND, name }, at.element(key), OUT_OF_KEYS);
  }
  return found;
}

function inText(text: string, around: Around, at: Place, wayOut = WAY_OUT): void {
  if (text === "") return;
  const isNamed = isSecretHere(text, around);
  const own = isWord(text) ? [] : SPANS[isSentence(around.name) ? "prose" : "document"](text);
  if (own.length === 0 && !isNamed && !around.spans?.length) return;
  const spans = [...own, ...(around.spans ?? [])];
  const span = spans.find(({ certain }) => certain) ?? spans[0];
  const what = span && (span.certain || !isNamed) ? `holds ${span.what} in plain` : "is a secret in plain, by its name";
  at.report({
    rule: "secret/literal",
    message: `${what}; ${wayOut}`,
    severity: "warning",
    ...(span?.certain ? { stopsSynthesis: true } : {}),
  });
}

/** What is secret in a text, by its kind. */
const SPANS = {
  prose: remembering((text) => secretSpans(text, "prose")),
  document: remembering((text) => secretSpans(text, "document")),
};

const WAY_OUT =
  "keep it in a Nomad variable or in Vault, and write withSecretEnv({ NAME: Secret.fromNomadVariable(path, key) })";
const OUT_OF_KEYS = "keep it in a Nomad variable or in Vault: whoever may read the key, or Terraform's state, reads it";
