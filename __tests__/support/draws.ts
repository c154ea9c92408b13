/**
 * How often something is drawn: a small count in the unit tests, 25 times as many where `npm run bench -- reliability draws` runs the same tests.
 *
 * @param count of the unit tests
 */
export function draws(count: number): number {
  return count * Number(process.env.CDK_NOMAD_DRAWS ?? 1);
}
