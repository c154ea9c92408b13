/**
 * Stops taking stack traces until the returned function is called. cdktf takes one, of all frames, for each computed
 * attribute of a resource, to name the place in an error about that attribute alone; over the jobs of a large program
 * that is a tenth of synthesis, and several times as much where a loader maps each frame to TypeScript.
 */
export function pauseStackTraces(): () => void {
  const before = Error.captureStackTrace;
  Error.captureStackTrace = () => undefined;
  return () => {
    Error.captureStackTrace = before;
  };
}
