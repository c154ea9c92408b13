/**
 * Asks for many at once: those who ask while a question is under way, or within a time of its beginning, share its answer. So whoever asks often costs
 * no more than one question in that time, and never two at once.
 *
 * @param lifetime in milliseconds
 * @param now a monotonic clock, in milliseconds
 */
export function sharedAnswer<T>(lifetime: number, now: () => number, ask: () => Promise<T>): () => Promise<T> {
  let begun = Number.NEGATIVE_INFINITY;
  let answer: Promise<T> | undefined;
  let isUnderWay = false;
  return async () => {
    if (answer === undefined || (!isUnderWay && now() - begun >= lifetime)) {
      begun = now();
      isUnderWay = true;
      // One that throws before it has asked is a failure as any other.
      answer = (async () => ask())().finally(() => (isUnderWay = false));
    }
    return answer;
  };
}
