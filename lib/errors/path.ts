/**
 * One step of a path. A text is a property, or the name of what is outermost, such as a file or a construct. An element of a list is known by its index,
 * and has its name too where it has one; an entry of a map is known by its key.
 */
export type PathStep = string | ElementStep | EntryStep;

/** An element of a list. */
export interface ElementStep {
  /** Counted from 0: what tells it from others of the same name. */
  readonly index: number;
  /** What it is called among its siblings, such as a task's name. Absent where it has no name. */
  readonly name?: string;
}

/** An entry of a map. */
export interface EntryStep {
  readonly key: string;
}

/** Where something is: the steps from the outermost to the innermost. Empty where no place is to blame. */
export type Path = readonly PathStep[];

/** The steps of a path that is made of keys of objects and indexes of lists, as a schema tells them. */
export function pathOfKeys(keys: readonly unknown[]): Path {
  return keys.map((key) => (typeof key === "number" ? { index: key } : String(key)));
}

/** The path in words: `groups[admin].tasks[web].services[0].port`. For people; programs compare the steps. */
export function pathText(path: Path): string {
  return path.reduce<string>((before, step) => {
    if (typeof step !== "string") return `${before}[${"key" in step ? step.key : (step.name ?? step.index)}]`;
    return before === "" || step === "" ? before + step : `${before}.${step}`;
  }, "");
}

/** The path as a key of maps and sets: equal where the steps are the same, whatever the elements of lists are called. */
export function pathKey(path: Path): string {
  return JSON.stringify(path.map(identityOf));
}

/** Whether a path leads to a place or into it. */
export function isWithin(path: Path, place: Path): boolean {
  return path.length >= place.length && place.every((step, at) => identityOf(step) === identityOf(path[at] ?? ""));
}

function identityOf(step: PathStep): string | number {
  return typeof step === "string" ? step : "key" in step ? step.key : step.index;
}
