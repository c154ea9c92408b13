/**
 * How much longer something takes when its input is four times as long, in time of the processor, since others use the machine too: the
 * best of some rounds. What grows with the length gives some 4, what grows with its square 16.
 */
export function growth(work: (length: number) => unknown, length: number, rounds = 3): number {
  work(Math.ceil(length / 10));
  const best = (size: number) =>
    Math.min(
      ...Array.from({ length: rounds }, () => {
        const before = process.cpuUsage();
        work(size);
        const { user, system } = process.cpuUsage(before);
        return (user + system) / 1000;
      }),
    );
  const [short, long] = [best(length / 4), best(length)];
  // Below that nothing can be told, and nobody waits.
  return long < 40 ? 1 : long / Math.max(short, 2);
}

/** Between what grows with the length and what grows with its square. */
export const LINEAR = 10;
