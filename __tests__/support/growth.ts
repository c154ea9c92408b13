/**
 * How much longer something takes when its input is four times as long, in time of the processor, since others use the machine too: the
 * best of some rounds, of which one is enough where it leaves no doubt. What grows with the length gives some 4, what grows with its square 16.
 *
 * @param work something that is done with an input of that length, or whose promise is
 * @param floor milliseconds; what takes less for the whole length has not grown
 */
export async function growth(work: (length: number) => unknown, length: number, floor = 40): Promise<number> {
  const time = (size: number) => processorTime(() => work(size));
  await work(Math.ceil(length / 10));
  let [short, long] = [Infinity, Infinity];
  // A busy machine makes a round longer and never shorter, and rounds of what grows with the length end soon.
  for (let round = 0; round < 8; round += 1) {
    [short, long] = [Math.min(short, await time(length / 4)), Math.min(long, await time(length))];
    if (long < floor) return 1;
    if (long / Math.max(short, 2) < DOUBTLESS) break;
  }
  return long / Math.max(short, 2);
}

/** What something takes of the processor, in milliseconds, whatever else the machine does. */
export async function processorTime(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** Between what grows with the length and what grows with its square. */
export const LINEAR = 10;
/** What grows with its square is never that good, even where its short round was taken for three times as long as it is. */
const DOUBTLESS = 5.5;
