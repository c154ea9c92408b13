import { refuses, warns } from "./rule";

/** Rules of values by themselves, and of JSON that is read. */
export const MODEL_RULES = {
  "field/type": refuses("A value is of its property's kind", { comesFirst: true }),
  "field/range": refuses("A value is within its limits"),
  "field/required": refuses("A property that is needed is there"),
  "field/unknown": refuses("A property is one that the block has"),
  "field/duplicate": refuses("A name has one value"),
  "field/deprecated": warns("What is deprecated is written in the new way"),
  "field/senseless": warns("A value that a server never judges can be meant", { stopsSynthesis: true }),
  "import/type": refuses("JSON that is read holds a job"),
  "import/depth": refuses("JSON that is read is not nested without end"),
  "import/unknown-field": warns("A field of JSON that is read is known"),
} as const;
