/** What went wrong: problems with their places, and the errors that carry them. */
export { ApiError } from "./api-error";
export {
  ChangedMeanwhile,
  ForeignAnswer,
  ImpossibleName,
  MissingProgram,
  NoAnswerError,
  NoEnvironment,
  TakenByOthers,
  PoolOfOtherUser,
  RefusedByServer,
  TokenRefused,
  WrongServer,
} from "./kinds";
export { fileProblem, machineProblem } from "./of-files";
export {
  isWithin,
  pathKey,
  pathOfKeys,
  pathText,
  type ElementStep,
  type EntryStep,
  type Path,
  type PathStep,
} from "./path";
export { compareProblems, formatProblem, placeText, type Problem, type Severity } from "./problem";
export { messageOf, ReadableError } from "./readable-error";
export { CUT, shortened } from "./shortened";
export { mistake, UserError } from "./user-error";
