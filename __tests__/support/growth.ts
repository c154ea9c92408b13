/**
 * How much longer something takes when its input is four times as long, in time of the processor, since others use the machine too: the
 * best of some rounds, of which one is enough where it leaves no doubt. What grows with the length gives some 4, what grows with its square 16.
 */
export function growth(work: (length: number) => unknown, length: number, rounds = 3): number {
  const time = (size: number) => {
    const before = process.cpuUsage();
    work(size);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  work(Math.ceil(length / 10));
  let [short, long] = [Infinity, Infinity];
  for (let round = 0; round < rounds; round += 1) {
    [short, long] = [Math.min(short, time(length / 4)), Math.min(long, time(length))];
    // Below that nothing can be told, and nobody waits.
    if (long < 40) return 1;
    if (long / Math.max(short, 2) < DOUBTLESS) break;
  }
  return long / Math.max(short, 2);
}

/** Between what grows with the length and what grows with its square. */
export const LINEAR = 10;
/** What grows with its square is never that good, even where its short round was taken for three times as long as it is. */
const DOUBTLESS = 5.5;
