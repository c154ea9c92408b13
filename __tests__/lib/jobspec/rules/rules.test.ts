import {
  Affinity,
  Check,
  Connect,
  Constraint,
  Cpu,
  Disconnect,
  Driver,
  Duration,
  EphemeralDisk,
  Gateway,
  IngressGateway,
  Job,
  LogConfig,
  Memory,
  Migrate,
  Multiregion,
  Network,
  Port,
  Reschedule,
  Resources,
  Restart,
  Scaling,
  Service,
  Spread,
  Task,
  TaskGroup,
  Template,
  Update,
  VolumeMount,
  type JobProps,
  type TaskGroupProps,
  type TaskProps,
  pathText,
} from "../../../../lib";
import { PORT_CASES } from "../../../support/mesh-ports";

const driver = Driver.rawExec({ command: "/bin/true" });

interface Parts {
  readonly job?: Partial<JobProps>;
  readonly group?: Partial<TaskGroupProps>;
  readonly task?: Partial<TaskProps>;
}

function jobOf({ job, group, task }: Parts): Job {
  const tasks = group?.tasks ?? [new Task({ name: "web", driver, ...task })];
  return new Job({ id: "web", groups: [new TaskGroup({ name: "web", ...group, tasks })], ...job });
}

const service = (...checks: Check[]) => new Service({ name: "web", port: "http", checks });
const http = [Network.host(Port.dynamic("http"))];

test("a sound job has no problem", () => {
  const sound = jobOf({
    group: { count: 3, networks: http, update: Update.canary({ canary: 1 }), restart: Restart.fail({ attempts: 2 }) },
    task: {
      services: [service(Check.http({ path: "/health" }))],
      resources: new Resources({ cpu: Cpu.mhz(500), memory: Memory.mebibytes(64) }),
    },
  });
  expect(sound.validate()).toEqual([]);
});

describe("errors", () => {
  test.each<[string, string, Job]>([
    ["job/id", "id", jobOf({ job: { id: "two words" } })],
    ["job/id", "id", jobOf({ job: { id: "" } })],
    ["job/priority", "priority", jobOf({ job: { priority: 101 } })],
    ["job/datacenter", "datacenters[1]", jobOf({ job: { datacenters: ["dc1", ""] } })],
    ["job/no-groups", "groups", new Job({ id: "web" })],
    ["group/no-tasks", "groups[web].tasks", new Job({ id: "web", groups: [new TaskGroup({ name: "web" })] })],
    [
      "group/duplicate",
      "groups[a].name",
      new Job({
        id: "web",
        groups: ["a", "a"].map((name) => new TaskGroup({ name, tasks: [new Task({ name, driver })] })),
      }),
    ],
    [
      "task/duplicate",
      "groups[web].tasks[t].name",
      jobOf({ group: { tasks: ["t", "t"].map((name) => new Task({ name, driver })) } }),
    ],
    ["task/reserved-name", "groups[web].tasks[alloc].name", jobOf({ task: { name: "alloc" } })],
    ["task/name", "groups[web].tasks[a/b].name", jobOf({ task: { name: "a/b" } })],
    [
      "task/leaders",
      "groups[web].tasks[b].leader",
      jobOf({ group: { tasks: ["a", "b"].map((name) => new Task({ name, driver, leader: true })) } }),
    ],
    ["task/driver", "groups[web].tasks[web].driver", jobOf({ task: { driver: Driver.custom("") } })],
    ["field/range", "groups[web].tasks[web].driver.image", jobOf({ task: { driver: Driver.docker({ image: "" }) } })],
    ["field/range", "groups[web].count", jobOf({ group: { count: -1 } })],
    [
      "field/range",
      "groups[web].networks[0].ports[http].static",
      jobOf({ group: { networks: [Network.host(Port.static("http", 70000))] } }),
    ],
    [
      "field/range",
      "groups[web].tasks[web].resources.memory",
      jobOf({ task: { resources: { memory: Memory.mebibytes(5) } } }),
    ],
    [
      "field/range",
      "groups[web].restart.interval",
      jobOf({ group: { restart: { attempts: 0, interval: Duration.seconds(1) } } }),
    ],
    [
      "field/range",
      "groups[web].tasks[web].services[web].checks[0].interval",
      jobOf({
        group: { networks: http },
        task: { services: [service(Check.tcp({ interval: Duration.milliseconds(10), timeout: Duration.seconds(1) }))] },
      }),
    ],
    ["update/job-type", "groups[web].update", jobOf({ job: { type: "batch" }, group: { update: Update.rolling() } })],
    [
      "update/deadlines",
      "groups[web].update.minHealthyTime",
      jobOf({ group: { update: Update.rolling({ minHealthyTime: Duration.minutes(6) }) } }),
    ],
    [
      "update/deadlines",
      "groups[web].update.progressDeadline",
      jobOf({ job: { update: Update.rolling({ healthyDeadline: Duration.minutes(10) }) } }),
    ],
    [
      "update/promote-without-canary",
      "groups[web].update.autoPromote",
      jobOf({ group: { update: new Update({ autoPromote: true }) } }),
    ],
    [
      "update/kill-timeout",
      "groups[web].tasks[web].killTimeout",
      jobOf({ group: { update: Update.rolling() }, task: { killTimeout: Duration.hours(1) } }),
    ],
    ["restart/ambiguous", "groups[web].restart.mode", jobOf({ group: { restart: Restart.delay({ attempts: 0 }) } })],
    [
      "restart/attempts-do-not-fit",
      "groups[web].restart.interval",
      jobOf({ group: { restart: Restart.fail({ attempts: 10, delay: Duration.minutes(5) }) } }),
    ],
    [
      "reschedule/job-type",
      "groups[web].reschedule",
      jobOf({ job: { type: "system" }, group: { reschedule: Reschedule.never() } }),
    ],
    [
      "reschedule/delay",
      "groups[web].reschedule.delay",
      jobOf({ group: { reschedule: Reschedule.unlimited({ delay: Duration.seconds(1) }) } }),
    ],
    [
      "reschedule/ambiguous",
      "groups[web].reschedule.unlimited",
      jobOf({ group: { reschedule: new Reschedule({ attempts: 1, interval: Duration.hours(1) }) } }),
    ],
    [
      "reschedule/attempts-do-not-fit",
      "groups[web].reschedule.interval",
      jobOf({ job: { type: "batch" }, group: { reschedule: Reschedule.limited(100, Duration.seconds(15)) } }),
    ],
    ["migrate/job-type", "groups[web].migrate", jobOf({ job: { type: "batch" }, group: { migrate: new Migrate() } })],
    [
      "port/duplicate-label",
      "groups[web].networks[0].ports[http].label",
      jobOf({ group: { networks: [Network.host(Port.dynamic("http"), Port.dynamic("http"))] } }),
    ],
    [
      "port/duplicate-static",
      "groups[web].networks[0].ports[b].static",
      jobOf({ group: { networks: [Network.host(Port.static("a", 80), Port.static("b", 80))] } }),
    ],
    [
      "service/name",
      "groups[web].tasks[web].services[no_dns].name",
      jobOf({ task: { services: [new Service({ name: "no_dns" })] } }),
    ],
    [
      "service/duplicate",
      "groups[web].tasks[web].services[web].name",
      jobOf({ group: { networks: http }, task: { services: [service(), service()] } }),
    ],
    [
      "service/providers",
      "groups[web].tasks[web].services[b].provider",
      jobOf({ task: { services: [new Service({ name: "a" }), new Service({ name: "b", provider: "nomad" })] } }),
    ],
    [
      "check/provider",
      "groups[web].services[web].checks[0].type",
      jobOf({
        group: {
          networks: http,
          services: [new Service({ name: "web", port: "http", provider: "nomad", checks: [Check.grpc()] })],
        },
      }),
    ],
    [
      "check/no-port",
      "groups[web].services[web].checks[0].port",
      jobOf({ group: { services: [new Service({ name: "web", checks: [Check.tcp()] })] } }),
    ],
    [
      "check/path",
      "groups[web].services[web].checks[0].path",
      jobOf({ group: { networks: http, services: [service(Check.http({ path: "" }))] } }),
    ],
    [
      "check/task",
      "groups[web].services[web].checks[0].task",
      jobOf({ group: { networks: http, services: [service(Check.script({ command: "/bin/true" }))] } }),
    ],
    [
      "resources/memory-max",
      "groups[web].tasks[web].resources.memoryMax",
      jobOf({ task: { resources: { memory: Memory.mebibytes(64), memoryMax: Memory.mebibytes(32) } } }),
    ],
    [
      "logs/disk",
      "groups[web].tasks[web].logs",
      jobOf({
        group: { ephemeralDisk: new EphemeralDisk({ size: Memory.mebibytes(50) }) },
        task: { logs: new LogConfig({ maxFiles: 5 }) },
      }),
    ],
    [
      "template/destination",
      "groups[web].tasks[web].templates[../../../x].destination",
      jobOf({ task: { templates: [Template.file("../../../x", "data")] } }),
    ],
    [
      "template/content",
      "groups[web].tasks[web].templates[local/x].data",
      jobOf({ task: { templates: [new Template({ destination: "local/x" })] } }),
    ],
    [
      "template/signal",
      "groups[web].tasks[web].templates[local/x].changeSignal",
      jobOf({ task: { templates: [Template.file("local/x", "a", { changeMode: "signal", changeSignal: "" })] } }),
    ],
    [
      "volume/unknown",
      "groups[web].tasks[web].volumeMounts[data].volume",
      jobOf({ task: { volumeMounts: [new VolumeMount({ volume: "data", destination: "/data" })] } }),
    ],
    [
      "constraint/attribute",
      "constraints[0].attribute",
      jobOf({ job: { constraints: [new Constraint({ operator: "=", value: "x" })] } }),
    ],
    [
      "constraint/value",
      "constraints[0].value",
      jobOf({ job: { constraints: [new Constraint({ attribute: "${attr.kernel.name}", operator: "=" })] } }),
    ],
    [
      "affinity/weight",
      "affinities[0].weight",
      jobOf({ job: { affinities: [Affinity.prefer("${node.class}", "a", 0)] } }),
    ],
    [
      "spread/percent",
      "spreads[0].targets",
      jobOf({
        job: {
          spreads: [
            new Spread({
              attribute: "${node.class}",
              targets: [
                { value: "a", percent: 60 },
                { value: "b", percent: 60 },
              ],
            }),
          ],
        },
      }),
    ],
    [
      "target/enterprise",
      "multiregion.regions",
      jobOf({ job: { multiregion: new Multiregion({ regions: [{ name: "west" }] }) } }),
    ],
  ])("%s at %s", (rule, path, job) => {
    const errors = job.validate().filter((problem) => problem.severity === "error");
    expect(errors.map((problem) => [problem.rule, pathText(problem.path)])).toEqual([[rule, path]]);
    expect(errors[0]?.message).toMatch(/./);
    expect(errors[0]?.message).not.toContain("[object ");
  });

  test("are all reported at once", () => {
    const problems = jobOf({
      job: { id: "two words", priority: 101 },
      group: { count: -1 },
      task: { driver: Driver.docker({ image: "" }) },
    }).validate();
    expect(problems.map((problem) => pathText(problem.path))).toEqual([
      "groups[web].count",
      "groups[web].tasks[web].driver.image",
      "id",
      "priority",
    ]);
  });
});

describe("warnings, where a server is laxer than sense", () => {
  test.each<[string, string, Job]>([
    [
      "update/max-parallel-above-count",
      "groups[web].update.maxParallel",
      jobOf({ group: { count: 2, update: Update.rolling({ maxParallel: 3 }) } }),
    ],
    ["service/port-unknown", "groups[web].services[web].port", jobOf({ group: { services: [service()] } })],
    [
      "check/port-unknown",
      "groups[web].services[web].checks[0].port",
      jobOf({ group: { networks: http, services: [service(Check.tcp({ port: "admin" }))] } }),
    ],
    [
      "check/timeout-above-interval",
      "groups[web].tasks[web].services[web].checks[0].timeout",
      jobOf({ group: { networks: http }, task: { services: [service(Check.tcp({ timeout: Duration.seconds(20) }))] } }),
    ],
  ])("%s at %s", (rule, path, job) => {
    expect(job.validate()).toMatchObject([{ rule, severity: "warning" }]);
    expect(job.validate().map((problem) => pathText(problem.path))).toEqual([path]);
  });
});

describe("ports that Nomad gives to services of the mesh", () => {
  test.each(PORT_CASES.map((entry) => [entry.name, entry] as const))("%s", (_name, { job, accepted }) => {
    const problems = job.validate();
    expect(problems.filter(({ severity }) => severity === "error").length === 0).toBe(accepted);
    // A label that Nomad itself adds is known; nobody is warned of it.
    expect(problems.filter(({ rule }) => rule === "check/port-unknown")).toEqual([]);
  });
});

test("values that only Terraform knows are not judged", () => {
  const token = "${TfToken[TOKEN.7]}";
  const count = -1.8881545897087827e289;
  const job = jobOf({
    group: { count, update: Update.canary({ canary: 1 }), networks: http },
    task: { name: token, services: [new Service({ name: token, port: token })] },
  });
  expect(job.validate()).toEqual([]);
});

test("blue/green places as many canaries as the group has allocations", () => {
  expect(Update.blueGreen(3).toApi()).toEqual({ MaxParallel: 3, Canary: 3 });
  expect(new Disconnect({ lostAfter: Duration.hours(1) }).toApi()).toEqual({ LostAfter: 3600e9 });
});

describe("what counts for a group", () => {
  test("is judged, and not what its job writes and every group writes over", () => {
    const group = {
      update: Update.rolling({ healthyDeadline: Duration.minutes(2), progressDeadline: Duration.minutes(3) }),
    };
    expect(jobOf({ job: { update: { healthyDeadline: Duration.zero } }, group }).validate()).toEqual([]);
  });

  test("is said once, where it was written: in the job, whose groups inherit it", () => {
    const job = jobOf({ job: { update: new Update({ stagger: Duration.zero }) } });
    const two = job.with({ groups: [...(job.groups ?? []), (job.groups ?? [])[0]!.with({ name: "other" })] });
    expect(two.validate().map(({ rule, path }) => [rule, pathText(path)])).toEqual([["field/range", "update.stagger"]]);
  });

  test("takes canaries above the count, which a server places", () => {
    expect(jobOf({ group: { count: 1, update: Update.canary({ canary: 2 }) } }).validate()).toEqual([]);
  });

  test("holds the default time to end against the progress deadline", () => {
    const update = new Update({
      minHealthyTime: Duration.seconds(1),
      healthyDeadline: Duration.seconds(2),
      progressDeadline: Duration.seconds(3),
    });
    expect(
      jobOf({ group: { update } })
        .validate()
        .map(({ rule, path }) => [rule, pathText(path)]),
    ).toEqual([["update/kill-timeout", "groups[web].tasks[web].killTimeout"]]);
  });

  test("warns of what a task writes over its group's restarts, which no server judges", () => {
    const restart = new Restart({ attempts: 100, interval: Duration.seconds(10) });
    expect(jobOf({ task: { restart } }).validate()).toEqual([
      expect.objectContaining({ rule: "restart/attempts-do-not-fit", severity: "warning" }),
    ]);
  });
});

describe("what is refused only when a job is registered", () => {
  const gateway = (listeners: ConstructorParameters<typeof IngressGateway>[0]["listeners"]) =>
    jobOf({
      group: {
        networks: [Network.bridge()],
        services: [
          new Service({
            name: "gw",
            port: "8080",
            connect: Connect.gateway(Gateway.ingress(new IngressGateway({ listeners }))),
          }),
        ],
      },
    });
  test.each<[string, Job]>([
    ["scaling/job-type", jobOf({ job: { type: "system" }, group: { scaling: new Scaling({ min: 0, max: 3 }) } })],
    ["connect/listener", gateway([8080, 8080].map((port, index) => ({ port, services: [{ name: `api-${index}` }] })))],
    ["connect/listener", gateway([{ port: 8080, services: [{ name: "a" }, { name: "b" }] }])],
    ["connect/listener", gateway([{ port: 8080, protocol: "http", services: [{ name: "a" }, { name: "a" }] }])],
  ])("%s is a warning, at which synthesis stops", (rule, job) => {
    expect(job.validate()).toEqual([expect.objectContaining({ rule, severity: "warning", stopsSynthesis: true })]);
  });
});
