import { Lazy } from "cdktf";
import {
  Affinity,
  Constraint,
  Disconnect,
  Duration,
  Migrate,
  Multiregion,
  Parameterized,
  Periodic,
  Reschedule,
  Restart,
  Scaling,
  Spread,
  Template,
  TaskGroup,
  Ui,
  Update,
} from "../../lib";
import { PoolJob } from "../../lib/pools/jobs";
import type { RuleExample } from "./rule-example";
import { group, job, program, service, task } from "./sound";

/** Jobs, their groups, and what they inherit. */
export const JOB_EXAMPLES = {
  "job/id": { fails: job({ id: "two words" }), passes: job({ id: "two-words" }) },
  "job/name": { fails: job({ name: "" }), passes: job({ name: "Two words" }) },
  "job/namespace": { fails: job({ namespace: "" }), passes: job({ namespace: "shop" }) },
  "job/region": { fails: job({ region: "" }), passes: job({ region: "west" }) },
  "job/datacenter": { fails: job({ datacenters: ["dc1", ""] }), passes: job({ datacenters: ["dc1", "dc2"] }) },
  "job/priority": { fails: job({ priority: 101 }), passes: job({ priority: 100 }) },
  "job/description": {
    fails: job({ ui: new Ui({ description: "long ".repeat(201) }) }),
    passes: job({ ui: new Ui({ description: "long ".repeat(200) }) }),
  },
  "job/no-groups": { fails: job({ groups: [] }), passes: job({}) },
  "job/count": { fails: group({ count: 50_001 }), passes: group({ count: 50_000 }) },
  "periodic/job-type": {
    fails: job({ type: "service", periodic: Periodic.cron("0 3 * * *") }),
    passes: job({ type: "batch", periodic: Periodic.cron("0 3 * * *") }),
  },
  "periodic/kind": {
    fails: job({ type: "batch", periodic: Periodic.cron("0 3 * * *", { specType: "calendar" }) }),
    passes: job({ type: "batch", periodic: Periodic.cron("0 3 * * *", { specType: "cron" }) }),
  },
  "periodic/no-cron": {
    fails: job({ type: "batch", periodic: new Periodic({ prohibitOverlap: true }) }),
    passes: job({ type: "batch", periodic: Periodic.cron("0 3 * * *", { prohibitOverlap: true }) }),
  },
  "periodic/twice": {
    fails: job({ type: "batch", periodic: new Periodic({ cron: "0 3 * * *", crons: ["0 4 * * *"] }) }),
    passes: job({ type: "batch", periodic: Periodic.crons(["0 3 * * *", "0 4 * * *"]) }),
  },
  "periodic/cron": {
    fails: job({ type: "batch", periodic: Periodic.cron("0 25 * * *") }),
    passes: job({ type: "batch", periodic: Periodic.cron("0 23 * * *") }),
  },
  "periodic/time-zone": {
    fails: job({ type: "batch", periodic: Periodic.cron("0 3 * * *", { timeZone: "Europe/Bonn" }) }),
    passes: job({ type: "batch", periodic: Periodic.cron("0 3 * * *", { timeZone: "Europe/Berlin" }) }),
  },
  "parameterized/job-type": {
    fails: job({ type: "service", parameterized: new Parameterized() }),
    passes: job({ type: "batch", parameterized: new Parameterized() }),
  },
  "parameterized/meta": {
    fails: job({ type: "batch", parameterized: { metaRequired: ["user"], metaOptional: ["user"] } }),
    passes: job({ type: "batch", parameterized: { metaRequired: ["user"], metaOptional: ["language"] } }),
  },
  "group/name": { fails: group({ name: "" }), passes: group({ name: "admin" }) },
  "group/duplicate": {
    fails: job({ groups: ["web", "web"].map((name) => new TaskGroup({ name, tasks: [program()] })) }),
    passes: job({ groups: ["web", "api"].map((name) => new TaskGroup({ name, tasks: [program()] })) }),
  },
  "group/no-tasks": { fails: group({ tasks: [] }), passes: group({ tasks: [program()] }) },
  "group/system-count": {
    fails: group({ count: 2 }, { type: "system" }),
    passes: group({ count: 1 }, { type: "system" }),
  },
  "group/run-duration": {
    fails: group({ maxRunDuration: Duration.hours(1) }, { type: "service" }),
    passes: group({ maxRunDuration: Duration.hours(1) }, { type: "batch" }),
  },
  "group/shutdown-delay": {
    fails: service({}),
    passes: service({}, { shutdownDelay: Duration.seconds(5) }),
  },
  "update/job-type": {
    fails: group({ update: Update.rolling() }, { type: "batch" }),
    passes: group({ update: Update.rolling() }, { type: "service" }),
  },
  "update/deadlines": {
    fails: group({ update: Update.rolling({ minHealthyTime: Duration.minutes(6) }) }),
    passes: group({ update: Update.rolling({ minHealthyTime: Duration.minutes(4) }) }),
  },
  "update/kill-timeout": {
    fails: task({ killTimeout: Duration.hours(1) }),
    passes: task({ killTimeout: Duration.minutes(10) }),
  },
  "update/promote-without-canary": {
    fails: group({ update: new Update({ autoPromote: true }) }),
    passes: group({ update: new Update({ autoPromote: true, canary: 1 }) }),
  },
  "update/auto-promote": {
    fails: job({
      groups: [
        new TaskGroup({ name: "web", update: Update.canary({ canary: 1, autoPromote: true }), tasks: [program()] }),
        new TaskGroup({ name: "api", update: Update.canary({ canary: 1 }), tasks: [program()] }),
      ],
    }),
    passes: job({
      groups: [
        new TaskGroup({ name: "web", update: Update.canary({ canary: 1, autoPromote: true }), tasks: [program()] }),
        new TaskGroup({ name: "api", update: Update.canary({ canary: 1, autoPromote: true }), tasks: [program()] }),
      ],
    }),
  },
  "update/max-parallel-above-count": {
    fails: group({ count: 2, update: Update.rolling({ maxParallel: 3 }) }),
    passes: group({ count: 3, update: Update.rolling({ maxParallel: 1 }) }),
  },
  "restart/ambiguous": {
    fails: group({ restart: Restart.delay({ attempts: 0 }) }),
    passes: group({ restart: Restart.never() }),
  },
  "restart/attempts-do-not-fit": {
    fails: group({
      restart: Restart.fail({ attempts: 10, delay: Duration.minutes(5), interval: Duration.minutes(30) }),
    }),
    passes: group({
      restart: Restart.fail({ attempts: 10, delay: Duration.minutes(5), interval: Duration.hours(1) }),
    }),
  },
  "reschedule/job-type": {
    fails: group({ reschedule: Reschedule.never() }, { type: "system" }),
    passes: group({ reschedule: Reschedule.never() }, { type: "batch" }),
  },
  "reschedule/sysbatch": {
    fails: group({ reschedule: Reschedule.never() }, { type: "sysbatch" }),
    passes: group({ reschedule: Reschedule.never() }, { type: "batch" }),
  },
  "reschedule/ambiguous": {
    fails: group({ reschedule: new Reschedule({ attempts: 1, unlimited: true, interval: Duration.hours(1) }) }),
    passes: group({ reschedule: Reschedule.limited(1, Duration.hours(1)) }),
  },
  "reschedule/attempts-do-not-fit": {
    fails: group({ reschedule: Reschedule.limited(100, Duration.minutes(1)) }, { type: "batch" }),
    passes: group({ reschedule: Reschedule.limited(1, Duration.minutes(1)) }, { type: "batch" }),
  },
  "reschedule/delay": {
    fails: group({ reschedule: Reschedule.unlimited({ delay: Duration.seconds(1) }) }),
    passes: group({ reschedule: Reschedule.unlimited({ delay: Duration.seconds(5) }) }),
  },
  "reschedule/delay-function": {
    fails: group({ reschedule: Reschedule.unlimited({ delayFunction: "linear" as "constant" }) }),
    passes: group({ reschedule: Reschedule.unlimited({ delayFunction: "constant" }) }),
  },
  "reschedule/max-delay": {
    fails: group({ reschedule: Reschedule.unlimited({ delay: Duration.minutes(2), maxDelay: Duration.minutes(1) }) }),
    passes: group({ reschedule: Reschedule.unlimited({ delay: Duration.minutes(1), maxDelay: Duration.minutes(2) }) }),
  },
  "reschedule/interval": {
    fails: group({ reschedule: Reschedule.limited(1, Duration.seconds(10), { delay: Duration.seconds(5) }) }),
    passes: group({ reschedule: Reschedule.limited(1, Duration.seconds(15), { delay: Duration.seconds(5) }) }),
  },
  "migrate/job-type": {
    fails: group({ migrate: new Migrate() }, { type: "batch" }),
    passes: group({ migrate: new Migrate() }, { type: "service" }),
  },
  "migrate/health-check": {
    fails: group({ migrate: new Migrate({ healthCheck: "" as "checks" }) }),
    passes: group({ migrate: new Migrate({ healthCheck: "task_states" }) }),
  },
  "migrate/deadlines": {
    fails: group({ migrate: new Migrate({ minHealthyTime: Duration.minutes(6) }) }),
    passes: group({ migrate: new Migrate({ minHealthyTime: Duration.minutes(4) }) }),
  },
  "disconnect/job-type": {
    fails: group({ disconnect: new Disconnect({ stopOnClientAfter: Duration.hours(1) }) }, { type: "system" }),
    passes: group({ disconnect: new Disconnect({ stopOnClientAfter: Duration.hours(1) }) }, { type: "service" }),
  },
  "disconnect/both": {
    fails: group({ disconnect: { stopOnClientAfter: Duration.hours(1), lostAfter: Duration.hours(1) } }),
    passes: group({ disconnect: { lostAfter: Duration.hours(1) } }),
  },
  "disconnect/old-fields": {
    fails: group({ stopAfterClientDisconnect: Duration.hours(1) }, { type: "system" }),
    passes: group({ disconnect: { stopOnClientAfter: Duration.hours(1) } }, { type: "service" }),
    besides: ["field/deprecated"],
  },
  "scaling/type": {
    fails: group({ scaling: new Scaling({ max: 3, type: "vertical" }) }),
    passes: group({ scaling: new Scaling({ max: 3, type: "horizontal" }) }),
  },
  "scaling/job-type": {
    fails: group({ scaling: new Scaling({ min: 1, max: 3 }) }, { type: "system" }),
    passes: group({ scaling: new Scaling({ min: 1, max: 3 }) }, { type: "service" }),
  },
  "scaling/min": {
    fails: group({ count: 0, scaling: new Scaling({ min: -1, max: 3 }) }),
    passes: group({ count: 0, scaling: new Scaling({ min: 0, max: 3 }) }),
  },
  "scaling/max": {
    fails: group({ scaling: new Scaling({ min: 0 }) }),
    passes: group({ scaling: new Scaling({ min: 0, max: 3 }) }),
  },
  "scaling/count": {
    fails: group({ count: 4, scaling: new Scaling({ min: 1, max: 3 }) }),
    passes: group({ count: 2, scaling: new Scaling({ min: 1, max: 3 }) }),
  },
  "constraint/attribute": {
    fails: job({ constraints: [new Constraint({ operator: "=", value: "linux" })] }),
    passes: job({ constraints: [Constraint.equals("${attr.kernel.name}", "linux")] }),
  },
  "constraint/target": {
    fails: job({ constraints: [Constraint.equals("${attr.kernel.name", "linux")] }),
    passes: job({ constraints: [Constraint.equals("${attr.kernel.name}", "linux")] }),
  },
  "constraint/reference": {
    fails: job({ constraints: [Constraint.equals("attr.kernel.name", "linux")] }),
    passes: job({ constraints: [Constraint.equals("${attr.kernel.name}", "linux")] }),
  },
  "constraint/value": {
    fails: job({ constraints: [new Constraint({ attribute: "${attr.kernel.name}", operator: "=" })] }),
    passes: job({ constraints: [new Constraint({ attribute: "${attr.kernel.name}", operator: "=", value: "linux" })] }),
  },
  "constraint/expression": {
    // Go's regular expressions look neither ahead nor back.
    fails: job({ constraints: [Constraint.matches("${node.class}", "^(?!gpu)")] }),
    passes: job({ constraints: [Constraint.matches("${node.class}", "(?i)^web-[0-9]+$")] }),
  },
  "constraint/version": {
    fails: job({ constraints: [Constraint.version("${attr.nomad.version}", "newest")] }),
    passes: job({ constraints: [Constraint.version("${attr.nomad.version}", ">= 1.9, < 2")] }),
  },
  "constraint/distinct": {
    fails: task({ constraints: [Constraint.distinctHosts()] }),
    passes: group({ constraints: [Constraint.distinctHosts()] }),
  },
  "affinity/attribute": {
    fails: job({ affinities: [new Affinity({ operator: "=", value: "gpu" })] }),
    passes: job({ affinities: [new Affinity({ attribute: "${node.class}", operator: "=", value: "gpu" })] }),
  },
  "affinity/value": {
    fails: job({ affinities: [new Affinity({ attribute: "${node.class}", operator: "=" })] }),
    passes: job({ affinities: [Affinity.prefer("${node.class}", "gpu")] }),
  },
  "affinity/expression": {
    fails: job({ affinities: [new Affinity({ attribute: "${node.class}", operator: "regexp", value: "^(?!gpu)" })] }),
    passes: job({ affinities: [new Affinity({ attribute: "${node.class}", operator: "regexp", value: "^gpu" })] }),
  },
  "affinity/version": {
    fails: job({
      affinities: [new Affinity({ attribute: "${attr.nomad.version}", operator: "version", value: "newest" })],
    }),
    passes: job({
      affinities: [new Affinity({ attribute: "${attr.nomad.version}", operator: "version", value: ">= 1.11" })],
    }),
  },
  "affinity/weight": {
    fails: job({ affinities: [Affinity.prefer("${node.class}", "gpu", 0)] }),
    passes: job({ affinities: [Affinity.prefer("${node.class}", "gpu", 100)] }),
  },
  "affinity/job-type": {
    fails: job({ type: "system", affinities: [Affinity.prefer("${node.class}", "gpu")] }),
    passes: job({ type: "system", constraints: [Constraint.equals("${node.class}", "gpu")] }),
  },
  "spread/attribute": {
    fails: job({ spreads: [new Spread({ attribute: "" })] }),
    passes: job({ spreads: [new Spread({ attribute: "${node.datacenter}" })] }),
  },
  "spread/duplicate": {
    fails: job({
      spreads: [
        new Spread({
          attribute: "${node.datacenter}",
          targets: [
            { value: "dc1", percent: 50 },
            { value: "dc1", percent: 50 },
          ],
        }),
      ],
    }),
    passes: job({
      spreads: [
        new Spread({
          attribute: "${node.datacenter}",
          targets: [
            { value: "dc1", percent: 50 },
            { value: "dc2", percent: 50 },
          ],
        }),
      ],
    }),
  },
  "spread/percent": {
    fails: job({
      spreads: [
        new Spread({
          attribute: "${node.datacenter}",
          targets: [
            { value: "dc1", percent: 60 },
            { value: "dc2", percent: 60 },
          ],
        }),
      ],
    }),
    passes: job({
      spreads: [
        new Spread({
          attribute: "${node.datacenter}",
          targets: [
            { value: "dc1", percent: 60 },
            { value: "dc2", percent: 40 },
          ],
        }),
      ],
    }),
  },
  "spread/job-type": {
    fails: job({ type: "system", spreads: [new Spread({ attribute: "${node.datacenter}" })] }),
    passes: job({ type: "service", spreads: [new Spread({ attribute: "${node.datacenter}" })] }),
  },
  "pool/token": {
    fails: new PoolJob({
      pool: "runtime",
      groups: [new TaskGroup({ name: "web", tasks: [program({ user: Lazy.stringValue({ produce: () => "web" }) })] })],
    }),
    passes: new PoolJob({
      pool: "runtime",
      groups: [new TaskGroup({ name: "web", tasks: [program({ user: "web" })] })],
    }),
  },
  "target/enterprise": {
    fails: job({ multiregion: new Multiregion({ regions: [{ name: "west" }] }) }),
    passes: job({ region: "west" }),
  },
  "target/version": {
    fails: task({ templates: [Template.file("local/app.env", "A=1\n", { once: true })] }),
    passes: task({ templates: [Template.file("local/app.env", "A=1\n")] }),
    target: { nomadVersion: "1.10" },
  },
} as const satisfies Readonly<Record<string, RuleExample>>;
