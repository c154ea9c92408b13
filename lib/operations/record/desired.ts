import { UserError } from "../../errors";
import { whereOf } from "../../nomad";
import {
  holdsSecretForm,
  LARGEST_TEXT,
  layOut,
  readRecordTexts,
  tooLarge,
  type RecordContent,
  type RecordedInConsul,
  type RecordedValue,
  type NamedStackIdentity,
} from "../../stack-record";
import type { StackContents, StackObject } from "../stack";
import type { RecordPlace } from "./read";

/** The record that a stack shall have, once what it wants is there. */
export interface DesiredRecord extends RecordPlace {
  readonly content: RecordContent;
  /** Its objects by their paths, as Terraform would write them. */
  readonly texts: ReadonlyMap<string, string>;
  /** Variables whose values are left out, since what they were given has the form of a secret. */
  readonly leftOut: readonly string[];
}

/**
 * The record that a synthesized stack brings along; of a stack that brings none, since its program does not synthesize with this library, one that
 * is made of what it wants, and without environment variables.
 *
 * @param identity what the stack is called where it does not say so itself
 */
export function desiredRecord(contents: StackContents, identity: NamedStackIdentity): DesiredRecord {
  const { record } = contents;
  const content = record && readRecordTexts(record.texts, record.head);
  const inConsul = contents.objects.some(({ kind }) => kind !== "job");
  const store = record?.store ?? (inConsul ? "consul" : "nomad");
  const whole = content ?? contentOf(contents, identity);
  const leftOut = Object.keys(whole.variables).filter((name) => holdsSecretForm(whole.variables[name] ?? null));
  const { project, environment } = whole;
  const place = { project, environment, store, leftOut };
  if (record && content && leftOut.length === 0) return { ...place, content, texts: record.texts };
  const kept: RecordContent = { ...whole, variables: withoutNames(whole.variables, leftOut) };
  const texts = new Map(layOut(kept).map(({ path, value }) => [path, JSON.stringify(value)]));
  return { ...place, content: kept, texts };
}

/**
 * Refuses a record that its store would not take, which a deployment would learn of when it writes.
 *
 * @throws UserError with its size, and what to do
 */
export function refuseLargeRecord({ texts, store, environment }: DesiredRecord): void {
  for (const text of texts.values()) {
    const bytes = Buffer.byteLength(text);
    if (bytes > LARGEST_TEXT[store]) throw UserError.at(environment, tooLarge(bytes, store), "record");
  }
}

function withoutNames(
  values: Readonly<Record<string, RecordedValue>>,
  names: readonly string[],
): Readonly<Record<string, RecordedValue>> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !names.includes(name)));
}

function contentOf({ objects, declared, variables = {} }: StackContents, identity: NamedStackIdentity): RecordContent {
  return {
    ...identity,
    owner: declared.owner,
    variables: Object.fromEntries(Object.entries(variables).map(([name, { value }]) => [name, value])),
    defaults: Object.fromEntries(
      Object.entries(variables).flatMap(([name, { default: byDefault }]) =>
        byDefault === undefined ? [] : [[name, byDefault]],
      ),
    ),
    environmentVariables: {},
    jobs: objects.flatMap((item) => (item.kind === "job" ? [{ id: item.job.ID, ...whereOf(item.job) }] : [])),
    consul: recordedInConsul(objects),
  };
}

/** What a program has in Consul, as records have it. */
export function recordedInConsul(objects: readonly StackObject[]): readonly RecordedInConsul[] {
  return objects.flatMap((item) => {
    if (item.kind === "keys") return [{ kind: "keys", name: item.prefix }];
    return item.kind === "entry" ? [{ kind: item.entry.Kind, name: item.entry.Name }] : [];
  });
}
