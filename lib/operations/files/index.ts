/** Jobs in files and on clusters, read into models and judged. */
export { commandParser, serverParser, type HclVariables } from "./hcl-parser";
export { readJobFile, type HclParser, type JobFile } from "./job-files";
export { judgeFile, judgeStack, judgeStacks, type JudgedFile } from "./judge";
export type { LocatedProblem } from "./locate";
export { readRunningJob } from "./running-job";
