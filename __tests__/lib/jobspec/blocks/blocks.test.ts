import * as lib from "../../../../lib";

const { Cpu, Duration, Memory } = lib;

/** Each block with every kind of property it has, and what Nomad's API calls it. */
describe("blocks render what Nomad's API takes", () => {
  test.each<[string, lib.Block, object]>([
    [
      "Affinity",
      lib.Affinity.avoid("${node.class}", "old", 30),
      { LTarget: "${node.class}", RTarget: "old", Operand: "=", Weight: -30 },
    ],
    [
      "Artifact",
      new lib.Artifact({ source: "https://example.com/a.zip", mode: "file", options: { checksum: "md5:0" } }),
      { GetterSource: "https://example.com/a.zip", GetterMode: "file", GetterOptions: { checksum: "md5:0" } },
    ],
    [
      "ChangeScript",
      new lib.ChangeScript({ command: "/reload", timeout: Duration.seconds(5), failOnError: true }),
      { Command: "/reload", Timeout: 5e9, FailOnError: true },
    ],
    [
      "Check",
      lib.Check.http({ path: "/", headers: { Host: ["a", "b"] } }),
      { Type: "http", Interval: 10e9, Timeout: 2e9, Path: "/", Header: { Host: ["a", "b"] } },
    ],
    [
      "Check",
      lib.Check.grpc({ grpcService: "a.B", grpcUseTls: true }),
      { Type: "grpc", Interval: 10e9, Timeout: 2e9, GRPCService: "a.B", GRPCUseTLS: true },
    ],
    ["CheckRestart", new lib.CheckRestart({ limit: 3, grace: Duration.seconds(90) }), { Limit: 3, Grace: 90e9 }],
    [
      "Constraint",
      lib.Constraint.distinctProperty("${meta.rack}", 2),
      { LTarget: "${meta.rack}", Operand: "distinct_property", RTarget: "2" },
    ],
    ["Consul", new lib.Consul({ namespace: "a", partition: "b" }), { Namespace: "a", Partition: "b" }],
    [
      "Disconnect",
      new lib.Disconnect({ stopOnClientAfter: Duration.hours(1), replace: false, reconcile: "longest_running" }),
      { StopOnClientAfter: 3600e9, Replace: false, Reconcile: "longest_running" },
    ],
    [
      "EphemeralDisk",
      new lib.EphemeralDisk({ size: Memory.gibibytes(1), sticky: true, migrate: true }),
      { SizeMB: 1024, Sticky: true, Migrate: true },
    ],
    [
      "Identity",
      new lib.Identity({ name: "vault", audience: ["vault.io"], ttl: Duration.hours(1), file: true }),
      { Name: "vault", Audience: ["vault.io"], TTL: 3600e9, File: true },
    ],
    ["Lifecycle", lib.Lifecycle.sidecar(), { Hook: "prestart", Sidecar: true }],
    [
      "LogConfig",
      new lib.LogConfig({ maxFiles: 5, maxFileSize: Memory.mebibytes(10) }),
      { MaxFiles: 5, MaxFileSizeMB: 10 },
    ],
    [
      "Migrate",
      new lib.Migrate({ maxParallel: 2, healthCheck: "task_states" }),
      { MaxParallel: 2, HealthCheck: "task_states" },
    ],
    [
      "Multiregion",
      new lib.Multiregion({
        strategy: { maxParallel: 1, onFailure: "fail_all" },
        regions: [{ name: "west", count: 3, datacenters: ["west-1"] }],
      }),
      {
        Strategy: { MaxParallel: 1, OnFailure: "fail_all" },
        Regions: [{ Name: "west", Count: 3, Datacenters: ["west-1"] }],
      },
    ],
    [
      "Network",
      lib.Network.bridge(lib.Port.dynamic("http", { to: 8080 })),
      { Mode: "bridge", DynamicPorts: [{ Label: "http", To: 8080 }] },
    ],
    ["Port", lib.Port.static("grpc", 8981, { to: 8981 }), { Label: "grpc", Value: 8981, To: 8981 }],
    [
      "Reschedule",
      lib.Reschedule.limited(3, Duration.hours(1), { delayFunction: "fibonacci" }),
      { Attempts: 3, Interval: 3600e9, DelayFunction: "fibonacci", Unlimited: false },
    ],
    [
      "Resources",
      new lib.Resources({ cpu: Cpu.cores(2), memory: Memory.gibibytes(1), memoryMax: Memory.gibibytes(2) }),
      { Cores: 2, MemoryMB: 1024, MemoryMaxMB: 2048 },
    ],
    ["Resources", new lib.Resources({ cpu: Cpu.mhz(500) }), { CPU: 500 }],
    ["Restart", lib.Restart.never(), { Attempts: 0, Mode: "fail" }],
    [
      "Service",
      new lib.Service({ name: "a", canaryTags: ["canary"], weights: { passing: 3 } }),
      { Name: "a", CanaryTags: ["canary"], Weights: { Passing: 3 } },
    ],
    [
      "Spread",
      new lib.Spread({ attribute: "${node.datacenter}", weight: 100, targets: [{ value: "dc1", percent: 70 }] }),
      { Attribute: "${node.datacenter}", Weight: 100, SpreadTarget: [{ Value: "dc1", Percent: 70 }] },
    ],
    [
      "Template",
      lib.Template.env("local/a.env", "A=1", { wait: { min: Duration.seconds(2) } }),
      { DestPath: "local/a.env", EmbeddedTmpl: "A=1", Envvars: true, Wait: { Min: 2e9 } },
    ],
    [
      "Update",
      lib.Update.canary({ canary: 1, autoPromote: true, autoRevert: true }),
      { AutoRevert: true, AutoPromote: true, Canary: 1 },
    ],
    [
      "Vault",
      lib.Vault.role("web", { changeMode: "signal", changeSignal: "SIGHUP" }),
      { Role: "web", ChangeMode: "signal", ChangeSignal: "SIGHUP" },
    ],
    [
      "VolumeMount",
      new lib.VolumeMount({ volume: "data", destination: "/data", readOnly: true }),
      { Volume: "data", Destination: "/data", ReadOnly: true },
    ],
    [
      "VolumeRequest",
      lib.VolumeRequest.csi("data", "vol", { accessMode: "single-node-writer", attachmentMode: "file-system" }),
      { Name: "data", Type: "csi", Source: "vol", AccessMode: "single-node-writer", AttachmentMode: "file-system" },
    ],
  ])("%s", (_name, block, api) => {
    expect(block.toApi()).toEqual(api);
  });

  test("a job with every kind of child", () => {
    const job = new lib.Job({ id: "web", type: "service", meta: { b: "2", a: "1" } })
      .withGroup(
        new lib.TaskGroup({ name: "web", volumes: [lib.VolumeRequest.host("data", "disk")] })
          .withService(new lib.Service({ name: "web" }).withCheck(lib.Check.tcp({ name: "up" })))
          .withTask(
            new lib.Task({ name: "web", driver: lib.Driver.custom("podman", { image: "a" }) }).withTemplate(
              lib.Template.file("local/a", "a"),
            ),
          ),
      )
      .withConstraint(lib.Constraint.distinctHosts());
    expect(job.toApi()).toEqual({
      Job: {
        ID: "web",
        Type: "service",
        TaskGroups: [
          {
            Name: "web",
            Tasks: [
              {
                Name: "web",
                Driver: "podman",
                Config: { image: "a" },
                Templates: [{ DestPath: "local/a", EmbeddedTmpl: "a" }],
              },
            ],
            Services: [{ Name: "web", Checks: [{ Name: "up", Type: "tcp", Interval: 10e9, Timeout: 2e9 }] }],
            Volumes: { data: { Name: "data", Type: "host", Source: "disk" } },
          },
        ],
        Constraints: [{ Operand: "distinct_hosts", RTarget: "true" }],
        Meta: { a: "1", b: "2" },
      },
    });
    expect(job.group("web")?.name).toBe("web");
  });
});
