/**
 * The number in an allocation's name, such as 3 in `hermes-sandbox.sandbox[3]`, or undefined where it has none: those with the highest end where a
 * group is scaled down.
 */
export function numberInName(name: string): number | undefined {
  const digits = /\[(\d{1,10})\]$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
