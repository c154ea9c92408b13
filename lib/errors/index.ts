/** What went wrong: problems with their places, and the errors that carry them. */
export { isWithin, pathKey, pathText, type ElementStep, type EntryStep, type Path, type PathStep } from "./path";
export { compareProblems, formatProblem, placeText, type Problem, type Severity } from "./problem";
export { ReadableError } from "./readable-error";
export { mistake, UserError } from "./user-error";
