import fc from "fast-check";
import { Duration, Migrate, Reschedule, Restart, Update } from "../../lib";

/** Some of the settings, each with one of a few values; or none at all. */
function someOf(values: Readonly<Record<string, readonly unknown[]>>): fc.Arbitrary<object | undefined> {
  const entries = Object.entries(values).map(([name, of]) => [name, fc.constantFrom(...of)] as const);
  return fc.option(fc.record(Object.fromEntries(entries), { requiredKeys: [], noNullPrototype: true }), {
    nil: undefined,
  });
}

const [short, long] = [Duration.seconds(20), Duration.minutes(8)];
const update = someOf({
  maxParallel: [1, 2, 3],
  canary: [0, 1],
  autoRevert: [true, false],
  minHealthyTime: [short, Duration.seconds(10)],
  healthyDeadline: [long, Duration.minutes(5)],
  progressDeadline: [Duration.minutes(10), Duration.minutes(20)],
});
const restart = someOf({
  attempts: [0, 2, 3],
  mode: ["fail", "delay"],
  interval: [Duration.minutes(30), Duration.hours(24)],
  delay: [Duration.seconds(15), short],
  renderTemplates: [true, false],
});
const reschedule = someOf({ attempts: [0, 1, 2], unlimited: [true, false], interval: [long, Duration.hours(24)] });
const migrate = someOf({ maxParallel: [1, 2], minHealthyTime: [short, Duration.seconds(10)] });
const onUpdate = fc.constantFrom(undefined, "require_healthy", "ignore_warnings", "ignore");

/** Settings that groups have from their job, tasks from their group and checks from their service, and counts beside a policy's least, with values around the defaults. */
export const inheritance = fc.record({
  type: fc.constantFrom("service", "batch", "system", "sysbatch"),
  job: fc.record({ update, reschedule, migrate }),
  group: fc.record({ update, reschedule, migrate, restart }),
  task: restart,
  onUpdate: fc.record({ service: onUpdate, check: onUpdate }),
  count: fc.constantFrom(undefined, 0, 1, 3),
  least: fc.constantFrom(undefined, 0, 1, 3),
});

/** The count of a group of a job of that type, and the policy by which it is scaled; system jobs have none. */
export function countsOf({
  type,
  count,
  least,
}: {
  readonly type: string;
  readonly count?: number;
  readonly least?: number;
}) {
  if (type === "system" || type === "sysbatch") return {};
  return {
    ...(count === undefined ? {} : { count }),
    ...(least === undefined ? {} : { scaling: { min: least, max: 4 } }),
  };
}

const CLASSES = { update: Update, restart: Restart, reschedule: Reschedule, migrate: Migrate } as const;

/** The blocks of drawn settings. */
export function settingsOf(given: Readonly<Partial<Record<keyof typeof CLASSES, object | undefined>>>) {
  return Object.fromEntries(
    Object.entries(given).map(([name, props]) => [name, props && new CLASSES[name as keyof typeof CLASSES](props)]),
  );
}
