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
}

/** Where nothing is known. */
export const NOTHING_AROUND: Around = { name: "", isSecret: false };

/** Deeper data than this is not followed by anybody. */
export const DEEPEST = 100;

/** Whether a text is a secret by what is around it; what it holds by its form is another question. */
export function isSecretHere(text: string, { name, isSecret, before }: Around): boolean {
  if (isSecretPair(name, text)) return true;
  if (isSecret && !isPlainlyNoSecret(text)) return true;
  return isOption(before) && !text.startsWith("-") && isSecretPair(before, text);
}

function isOption(text: unknown): text is string {
  return typeof text === "string" && /^--?[A-Za-z][\w-]{0,80}$/.test(text);
}

/** What is around an element of a list. */
export function aroundElement(around: Around, list: readonly unknown[], index: number): Around {
  return { name: around.name, isSecret: around.isSecret, before: list[index - 1] };
}

/** What is around the value of a key. In `{ name: "DB_PASSWORD", value: "…" }` the name stands beside the value. */
export function aroundKey(around: Around, object: Readonly<Record<string, unknown>>, key: string): Around {
  const item = object[key];
  const isWhole = typeof item === "object" && !isFetched(item) && suspicionOf(key) === "secret";
  return { name: (/^value$/i.test(key) && labelOf(object)) || key, isSecret: around.isSecret || isWhole };
}

function labelOf(object: Readonly<Record<string, unknown>>): string | undefined {
  for (const key of ["name", "Name", "key", "Key"]) {
    const label = Object.hasOwn(object, key) ? object[key] : undefined;
    if (typeof label === "string") return label;
  }
  return undefined;
}

/** Nomad's `secret` blocks say where a secret is fetched. https://developer.hashicorp.com/nomad/docs/job-specification/secret */
function isFetched(item: unknown): boolean {
  return Array.isArray(item) && item.every((each) => typeof each === "object" && each !== null && "Provider" in each);
}
