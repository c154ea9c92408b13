import fc from "fast-check";
import {
  BrowserVmJob,
  Driver,
  Memory,
  PROVIDERS,
  Resources,
  RuntimeJob,
  Secret,
  UserError,
  WarmPoolJob,
  type Job,
} from "../../../../lib";
import { safeId } from "../../../../lib/job-parts";
import { anyCharacter } from "../../../support/characters";
import { draws } from "../../../support/draws";

type Json = Record<string, unknown>;
const taskOf = (job: Job) => (job.toApi().Job.TaskGroups as { Tasks: Json[] }[])[0]?.Tasks[0] as Json;
const errors = (job: Job) => job.validate().filter(({ severity }) => severity === "error");

describe("RuntimeJob", () => {
  test("has every figure of the seed", () => {
    const job = RuntimeJob.dispatched({ provider: "openai" });
    expect(job.toApi().Job).toMatchObject({
      ID: "runtime-openai",
      Type: "batch",
      Priority: 50,
      Meta: { provider: "openai", bandwidth_mbits: "10" },
      ParameterizedJob: { MetaRequired: ["user_id", "command"] },
      TaskGroups: [
        { RestartPolicy: { Attempts: 0, Mode: "fail" }, ReschedulePolicy: { Attempts: 0, Unlimited: false } },
      ],
    });
    expect(taskOf(job)).toMatchObject({
      Driver: "docker",
      Config: {
        image: "polydev-openai-runtime:0.1.0",
        command: "/bin/sh",
        args: ["-c", expect.stringContaining("sleep 2") as string, "runtime", "${NOMAD_META_command}"],
        force_pull: false,
      },
      KillTimeout: 30e9,
      Resources: { CPU: 500, MemoryMB: 512 },
    });
    expect(errors(job)).toEqual([]);
  });

  test.each(PROVIDERS)("brings the key of %s from a secret, by its usual name", (provider) => {
    const apiKey = Secret.fromNomadVariable(`nomad/jobs/runtime-${provider}`, "api_key");
    const task = taskOf(RuntimeJob.dispatched({ provider, apiKey }));
    expect(JSON.stringify(task.Templates)).toContain(`${provider.toUpperCase()}_API_KEY=`);
  });

  test("is a job of its own for one request, with the true values in meta", () => {
    const job = RuntimeJob.once({
      provider: "google",
      userId: "../../Eve\0 💥",
      command: "echo hi",
      timestamp: 1234567890,
      env: { DEBUG: "true" },
      execution: { kind: "raw_exec" },
    });
    expect(job.id).toMatch(/^runtime-google-eve-1234567890-[0-9a-f]{12}$/);
    expect(job.meta).toMatchObject({ user_id: "../../Eve 💥", timestamp: "1234567890" });
    expect(taskOf(job)).toMatchObject({ Driver: "raw_exec", Env: { DEBUG: "true" } });
    expect(errors(job)).toEqual([]);
  });

  test("is dispatched with meta and a payload of variables", () => {
    const { Meta, Payload } = RuntimeJob.dispatch({ userId: "u", command: "c", timestamp: 1, env: { A: 'x "y"\n$z' } });
    expect(Meta).toEqual({ user_id: "u", command: "c", timestamp: "1" });
    expect(Buffer.from(Payload, "base64").toString()).toBe('# environment of the request\nA="x \\"y\\"\\n$z"\n');
    expect(() => RuntimeJob.dispatch({ userId: "u", command: "c", timestamp: 1, env: { "A B": "x" } })).toThrow(
      UserError,
    );
  });

  test("refuses a provider that nobody knows", () => {
    expect(() => RuntimeJob.dispatched({ provider: "acme" as "openai" })).toThrow(
      'RuntimeJob.provider: expected "openai" or "anthropic" or "google", found "acme"',
    );
  });
});

describe("WarmPoolJob", () => {
  test("has every figure of the seed", () => {
    const job = new WarmPoolJob({ provider: "anthropic" });
    expect(job.toApi().Job).toMatchObject({
      ID: expect.stringMatching(/^warm-pool-anthropic-[0-9a-f]{8}$/),
      Type: "service",
      Priority: 40,
      Meta: { bandwidth_mbits: "5", pool: "warm-pool-anthropic" },
      Update: { MaxParallel: 0 },
      TaskGroups: [{ Count: 10, Scaling: { Min: 0, Max: 100, Enabled: true } }],
    });
    expect(taskOf(job)).toMatchObject({
      Config: {
        image: "polydev-anthropic-runtime:0.1.0",
        command: "tail",
        args: ["-f", "/dev/null"],
        logging: [{ type: "json-file", config: [{ "max-size": "10m", "max-file": "3" }] }],
      },
      KillTimeout: 60e9,
      Resources: { CPU: 100, MemoryMB: 256 },
      Services: [{ Name: "warm-pool-anthropic", Checks: [{ Type: "script", Interval: 30e9 }] }],
    });
    expect(errors(job)).toEqual([]);
  });

  test("takes its sizes from the environment", () => {
    expect(WarmPoolJob.sizesFrom({ WARM_POOL_OPENAI_SIZE: "3", WARM_POOL_GOOGLE_SIZE: "0" })).toEqual({
      openai: 3,
      anthropic: 10,
      google: 0,
    });
    expect(() => WarmPoolJob.sizesFrom({ WARM_POOL_OPENAI_SIZE: "-1" })).toThrow(
      'WARM_POOL_OPENAI_SIZE: "-1" is no whole number',
    );
  });
});

describe("BrowserVmJob", () => {
  const session = { sessionId: "session_abc", userId: "user_123", provider: "google", vmIp: "192.168.100.5" };

  test("has every figure of the seed", () => {
    const job = new BrowserVmJob(session);
    const [group] = job.toApi().Job.TaskGroups as Json[];
    expect(job.toApi().Job).toMatchObject({
      Type: "service",
      Priority: 75,
      Meta: { session_id: "session_abc", vm_ip: "192.168.100.5", bandwidth_mbits: "100" },
    });
    expect(group).toMatchObject({
      Networks: [
        {
          Mode: "host",
          ReservedPorts: [
            { Label: "vnc", Value: 5905 },
            { Label: "websocket", Value: 6085 },
          ],
        },
      ],
      Volumes: { snapshots: { Type: "host", ReadOnly: true }, vms: { Type: "host" } },
    });
    expect(taskOf(job)).toMatchObject({
      Driver: "firecracker-task-driver",
      Config: { Vcpus: 1, Mem: 2048, BootDisk: "/var/lib/firecracker/snapshots/golden/rootfs.ext4" },
      KillTimeout: 60e9,
      KillSignal: "SIGTERM",
      Resources: { CPU: 1000, MemoryMB: 2048 },
      VolumeMounts: [
        { Destination: "/var/lib/firecracker/snapshots", ReadOnly: true },
        { Destination: "/var/lib/firecracker/vms" },
      ],
    });
    expect(errors(job)).toEqual([]);
  });

  test("on qemu it listens at no port, has its disk in the allocation, and a limit of memory above the machine's", () => {
    const qemu = new BrowserVmJob({ ...session, machine: { kind: "qemu", folder: "/srv/browser" } });
    const [group] = qemu.toApi().Job.TaskGroups as Json[];
    expect(group).not.toHaveProperty("Networks");
    expect(group).not.toHaveProperty("Volumes");
    const tasks = group?.Tasks as Json[];
    const vm = tasks.find(({ Driver: driver }) => driver === "qemu") as {
      Config: { args: string[] } & Json;
      Resources: { MemoryMB: number; MemoryMaxMB: number };
    };
    expect(vm.Config).toMatchObject({ image_path: "${NOMAD_ALLOC_DIR}/disk.qcow2", graceful_shutdown: true });
    const { args } = vm.Config;
    const after = (name: string) => args[args.indexOf(name) + 1];
    expect(after("-vnc")).toBe("unix:vnc.sock");
    expect(args.join(" ")).not.toMatch(/\b(?:hostfwd|0\.0\.0\.0)\b|:\d+ /);
    expect(after("-m")).toBe("256M");
    expect(vm.Resources.MemoryMB).toBeGreaterThan(256);
    expect(vm.Resources.MemoryMaxMB).toBeGreaterThan(vm.Resources.MemoryMB);
    // What runs its processor is what its node has: the file that the recipe wrote there decides.
    expect(vm.Config.accelerator).toBe("kvm:tcg");
    expect(after("-readconfig")).toBe("/srv/browser/machine.cfg");
    expect(after("-incoming")).toBe("exec:cat /srv/browser/state");
    expect(errors(qemu)).toEqual([]);
  });

  test("on qemu its guest reaches nothing but a proxy in the allocation, which may be told of more", () => {
    const tasksOf = (machine: object) => {
      const job = new BrowserVmJob({ ...session, machine: { kind: "qemu", folder: "/srv/browser", ...machine } });
      expect(errors(job)).toEqual([]);
      return (job.toApi().Job.TaskGroups as { Tasks: ({ Config: { args: string[] } } & Json)[] }[])[0]?.Tasks ?? [];
    };
    for (const image of [undefined, "/srv/own.qcow2"]) {
      const tasks = tasksOf({ image, allow: ["login.corp:8443", "10.1.0.0/16"] });
      const args = tasks.find(({ Driver: driver }) => driver === "qemu")?.Config.args ?? [];
      const networks = args.filter((_arg, index) => /^-(?:nic|net|netdev)$/.test(args[index - 1] ?? ""));
      expect(networks).toEqual([
        "user,model=virtio-net-pci,restrict=on,ipv6=off,guestfwd=tcp:10.0.2.100:3128-cmd:socat -t10 -lf /dev/null - UNIX-CONNECT:../egress/egress.sock,,retry=50,,interval=0.2",
      ]);
      const proxy = tasks.find(({ Name: name }) => name === "egress");
      expect(proxy).toMatchObject({ Lifecycle: { Hook: "prestart", Sidecar: true }, Driver: "raw_exec" });
      expect(proxy?.Config.args.slice(2)).toEqual([
        ...["sh", "/srv/browser/egress.js", "--socket", "egress.sock"],
        ...["--allow", "login.corp:8443", "--allow", "10.1.0.0/16"],
      ]);
    }
    for (const entry of ["http://login.corp", "10.0.0.0/99", "${attr.unique.network.ip-address}", ""])
      expect(() => tasksOf({ allow: [entry] })).toThrow(/^machine\.allow: /);
  });

  test("on qemu it may boot, be emulated, or have a disk of one's own; what cannot work is refused", () => {
    const argsOf = (machine: object) =>
      JSON.stringify(new BrowserVmJob({ ...session, machine: { kind: "qemu", ...machine } }).toApi());
    expect(argsOf({ start: "boot" })).not.toContain("-incoming");
    expect(argsOf({ accelerator: "tcg" })).toMatch(/"accelerator":"tcg"(?!.*-readconfig)/);
    expect(argsOf({ image: "/srv/own.qcow2" })).toMatch(/-b \/srv\/own\.qcow2(?!.*-kernel)/);
    expect(() => argsOf({ image: "/srv/a,b" })).toThrow("machine.image: ");
    expect(() => argsOf({ folder: "/srv/$(id)" })).toThrow("machine.folder: ");
    expect(argsOf({ memory: Memory.gibibytes(1) })).toContain('"-m","1024M"');
    for (const memory of [Memory.mebibytes(64), Memory.bytes(129 * 1024 ** 2 + 1)])
      expect(() => argsOf({ memory })).toThrow("machine.memory: ");
    const small = new Resources({ memory: Memory.mebibytes(256) });
    expect(() => new BrowserVmJob({ ...session, resources: small, machine: { kind: "qemu" } })).toThrow(
      "resources.memory: ",
    );
  });

  test("runs as a process", () => {
    const process = new BrowserVmJob({ ...session, machine: { kind: "process" } });
    expect(taskOf(process)).toMatchObject({ Driver: "raw_exec" });
    expect(errors(process)).toEqual([]);
  });

  test.each([
    [{ vmIp: "10.0.0.1" }, "vmIp"],
    [{ vmIp: "192.168.100.255" }, "vmIp"],
    [{ vncPort: 80 }, "vncPort"],
    [{ vncPort: 5905, websocketPort: 5905 }, "websocketPort"],
  ])("refuses %j", (change, path) => {
    expect(() => new BrowserVmJob({ ...session, ...change })).toThrow(new RegExp(`^${path}: `));
  });
});

describe("safeId", () => {
  test("is valid, bounded and another for every other value, however hostile", () => {
    const seen = new Map<string, string>();
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter, maxLength: 200 }), fc.nat(), (user, time) => {
        const id = safeId("runtime-openai", user, time);
        expect(id).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/);
        expect(id.length).toBeLessThanOrEqual(56);
        const key = JSON.stringify([user, time]);
        expect(seen.get(id) ?? key).toBe(key);
        seen.set(id, key);
      }),
      { numRuns: draws(100) },
    );
    expect(safeId("x", "User_1")).not.toBe(safeId("x", "user-1"));
    expect(safeId("x", "a", "b")).not.toBe(safeId("x", "a-b"));
  });
});

test("no driver's configuration is free-form where a typed one is there", () => {
  expect(Driver.docker({ image: "a" }).typed()?.constructorName).toBe("docker");
});
