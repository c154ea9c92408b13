/** Jobs in files and on clusters, read into models and judged. */
export { readJobFile, STANDARD_INPUT, type JobFile, type ReadingOptions } from "./job-files";
export { judgeFile, judgeStack, judgeStacks, stackAmong, type JudgedFile } from "./judge";
export { problemsOf } from "./locate";
export { readRunningJob, type RunningJob } from "./running-job";
