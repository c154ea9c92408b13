import * as v from "valibot";
import { list, mapOf, number, object, optionalText, text, word } from "./parts";

export type DiffType = "None" | "Added" | "Deleted" | "Edited";

const type = word<DiffType>();

const fieldDiff = object({
  Type: type,
  Name: text,
  Old: optionalText,
  New: optionalText,
  Annotations: list(text),
});

/** One field of a block that differs. */
export interface FieldDiff extends v.InferOutput<typeof fieldDiff> {}

/** A block that differs, with the blocks inside it. */
export interface ObjectDiff {
  readonly Type: v.InferOutput<typeof type>;
  readonly Name: string;
  readonly Fields: readonly FieldDiff[];
  readonly Objects: readonly ObjectDiff[];
}

const objectDiff: v.GenericSchema<unknown, ObjectDiff> = object({
  Type: type,
  Name: text,
  Fields: list(fieldDiff),
  Objects: list(v.lazy(() => objectDiff)),
});

const inside = { Type: type, Fields: list(fieldDiff), Objects: list(objectDiff) };

const taskDiff = object({ ...inside, Name: text, Annotations: list(text) });

/** A task that differs. */
export interface TaskDiff extends v.InferOutput<typeof taskDiff> {}

const groupDiff = object({ ...inside, Name: text, Tasks: list(taskDiff), Updates: mapOf(number) });

/** A group that differs; `Updates` says how many allocations what happens to. */
export interface GroupDiff extends v.InferOutput<typeof groupDiff> {}

export const jobDiff = object({ ...inside, ID: text, TaskGroups: list(groupDiff) });

/** What differs between two versions of a job, or between what is planned and what runs. */
export interface JobDiff extends v.InferOutput<typeof jobDiff> {}
