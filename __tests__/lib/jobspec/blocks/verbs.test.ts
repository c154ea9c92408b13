import { Lazy, TerraformStack, Testing } from "cdktf";
import {
  AdminGroup,
  BrowserVmJob,
  Constraint,
  Cpu,
  Device,
  Driver,
  Duration,
  formatProblem,
  Job,
  Memory,
  NomadHostVolume,
  Resources,
  RuntimeJob,
  Task,
  TaskGroup,
  WarmPoolJob,
} from "../../../../lib";

const task = new Task({ name: "server", driver: Driver.docker({ image: "web:1" }) });
const group = new TaskGroup({ name: "web", tasks: [task] });
const job = new Job({ id: "web", groups: [group] });

describe("what is added to a block", () => {
  const linux = { attribute: "${attr.kernel.name}", operator: "=", value: "linux" } as const;
  const rack = { attribute: "${meta.rack}" } as const;

  test("is given as its class, or as plain properties, by every verb", () => {
    const changed = job
      .withConstraint(linux)
      .withAffinity({ ...linux, weight: 50 })
      .withSpread(rack)
      .withGroup("web", (each) =>
        each
          .withConstraint(linux)
          .withAffinity({ ...linux, weight: 50 })
          .withSpread(rack)
          .withVolume({ name: "data", type: "host", source: "web-data" })
          .withTask("server", (one) => one.withConstraint(linux).withAffinity({ ...linux, weight: 50 })),
      );
    expect(changed.constraints?.[0]).toBeInstanceOf(Constraint);
    expect(changed.validate().map(formatProblem)).toEqual([]);
    const asClasses = job.withConstraint(new Constraint(linux));
    expect(job.withConstraint(linux).toApi()).toEqual(asClasses.toApi());
  });

  test("is changed by its name, where it has one", () => {
    const mounted = group
      .withVolume({ name: "data", type: "host", source: "web-data" })
      .withVolume("data", (volume) => volume.with({ readOnly: true }))
      .withTask("server", (one) =>
        one
          .withVolumeMount({ volume: "data", destination: "/data" })
          .withVolumeMount("data", (mount) => mount.with({ readOnly: true }))
          .withIdentity({ name: "vault", audience: ["vault.io"] })
          .withIdentity("vault", (identity) => identity.with({ file: true }))
          .withAction({ name: "dump", command: "/bin/dump" })
          .withAction("dump", (action) => action.with({ args: ["--all"] })),
      );
    expect(mounted.volumes?.map(({ readOnly }) => readOnly)).toEqual([true]);
    expect(mounted.task("server")?.volumeMounts?.map(({ readOnly }) => readOnly)).toEqual([true]);
    expect(mounted.task("server")?.identities?.map(({ file }) => file)).toEqual([true]);
    expect(mounted.task("server")?.actions?.map(({ args }) => args)).toEqual([["--all"]]);
    expect(() => group.withVolume("date", (volume) => volume)).toThrow(/volumes\[date\]: is not there; there are none/);
  });

  test("is found by its name", () => {
    const offered = group.withService({ name: "api", port: "http" });
    expect(offered.service("api")?.port).toBe("http");
    expect(offered.service("app")).toBeUndefined();
    expect(task.withService({ name: "metrics", port: "9090" }).service("metrics")?.port).toBe("9090");
  });

  test("may be known only when it is deployed", () => {
    const later = Lazy.anyValue({ produce: () => "debug" });
    const changed = task.withEnv({ LOG: later }).withMeta({ owner: later });
    expect(job.withEachTask(() => changed).validate()).toEqual([]);
    expect(() => changed.withEnv({ LOG: "info" })).toThrow(
      "env.LOG: is set already, to a token; remove one of the two",
    );
  });
});

describe("workloads and jobs of pools", () => {
  const resources = { cpu: Cpu.mhz(250), memory: Memory.mebibytes(64) };
  const firstTask = (made: Job) => made.groups?.[0]?.tasks?.find((each) => each.name !== "disk")?.toApi().Resources;

  test("take plain properties where they take a block", () => {
    const admin = new AdminGroup({
      resources,
      restart: { attempts: 1, mode: "fail", interval: Duration.minutes(1), delay: Duration.seconds(1) },
      logs: { maxFiles: 2 },
      update: { maxParallel: 1 },
      check: { type: "tcp", interval: Duration.seconds(5), timeout: Duration.seconds(1) },
    });
    expect(new Job({ id: "admin", groups: [admin] }).validate().map(formatProblem)).toEqual([]);
    for (const made of [
      new WarmPoolJob({ provider: "openai", resources }),
      RuntimeJob.dispatched({ provider: "openai", resources }),
      new BrowserVmJob({ sessionId: "a", userId: "b", provider: "google", vmIp: "192.168.100.2", resources }),
    ])
      expect(firstTask(made)).toEqual({ CPU: 250, MemoryMB: 64 });
  });

  test("keep all that a machine of QEMU is given", () => {
    const made = new BrowserVmJob({
      sessionId: "a",
      userId: "b",
      provider: "google",
      vmIp: "192.168.100.2",
      machine: { kind: "qemu" },
      resources: new Resources({ memory: Memory.gibibytes(1), devices: [new Device({ name: "gpu", count: 1 })] }),
    });
    expect(made.groups?.[0]?.task("vm")?.resources?.devices?.map(({ name }) => name)).toEqual(["gpu"]);
  });

  test("and so does a volume, which refuses what is no property of them", () => {
    const volume = (constraint: object) => {
      const stack = new TerraformStack(Testing.app(), "dev");
      return new NomadHostVolume(stack, "x", {
        name: "data",
        constraints: [constraint as never],
      }).resource.toTerraform();
    };
    const linux = { attribute: "${attr.kernel.name}", operator: "=", value: "linux" };
    expect(volume(linux)).toEqual(volume(new Constraint(linux as never)));
    expect(() => volume({ ...linux, atribute: "a" })).toThrow(
      'dev/x.constraints[0].atribute: there is no such property; write "attribute"',
    );
  });
});
