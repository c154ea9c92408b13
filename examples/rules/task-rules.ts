import {
  Action,
  Artifact,
  ChangeScript,
  Connect,
  Cpu,
  CsiMountOptions,
  CsiPlugin,
  Device,
  DispatchPayload,
  Driver,
  Duration,
  EphemeralDisk,
  Identity,
  LogConfig,
  Memory,
  Network,
  Numa,
  Port,
  Resources,
  Secret,
  Task,
  TaskSecret,
  Template,
  Vault,
  VolumeMount,
  VolumeRequest,
} from "../../lib";
import type { RuleExample } from "./rule-example";
import { group, program, service, task, taskService } from "./sound";

/** Tasks, and what stands in them. */
export const TASK_EXAMPLES = {
  "task/name": { fails: task({ name: "web/api" }), passes: task({ name: "web-api" }) },
  "task/reserved-name": { fails: task({ name: "alloc" }), passes: task({ name: "allocator" }) },
  "task/duplicate": {
    fails: group({ tasks: ["web", "web"].map((name) => program({ name })) }),
    passes: group({ tasks: ["web", "api"].map((name) => program({ name })) }),
  },
  "task/driver": {
    fails: task({ driver: Driver.custom("") }),
    passes: task({ driver: Driver.custom("wasm", { module: "web.wasm" }) }),
  },
  "task/leaders": {
    fails: group({ tasks: [program({ name: "web", leader: true }), program({ name: "api", leader: true })] }),
    passes: group({ tasks: [program({ name: "web", leader: true }), program({ name: "api" })] }),
  },
  "task/signal": {
    fails: task({ killSignal: "SIGTEMR" }),
    passes: task({ killSignal: "SIGTERM" }),
  },
  "task/proxy": {
    fails: service(
      { connect: Connect.sidecar() },
      { tasks: [program(), program({ name: "proxy", kind: "connect-proxy:api" })] },
    ),
    passes: service(
      { connect: Connect.sidecar() },
      { tasks: [program(), program({ name: "proxy", kind: "connect-proxy:web" })] },
    ),
  },
  "task/shutdown-delay": {
    fails: taskService({}),
    passes: taskService({}).withEachTask((each) => each.with({ shutdownDelay: Duration.seconds(5) })),
  },
  "action/name": {
    fails: task({ actions: [new Action({ name: "clear cache", command: "/bin/clear" })] }),
    passes: task({ actions: [new Action({ name: "clear-cache", command: "/bin/clear" })] }),
  },
  "action/duplicate": {
    fails: task({ actions: ["/bin/clear", "/bin/fill"].map((command) => new Action({ name: "cache", command })) }),
    passes: task({ actions: ["clear", "fill"].map((name) => new Action({ name, command: `/bin/${name}` })) }),
  },
  "artifact/checksum": {
    fails: task({ artifacts: [new Artifact({ source: "https://example.com/a", options: { checksum: "md5:12" } })] }),
    passes: task({
      artifacts: [
        new Artifact({
          source: "https://example.com/a",
          options: { checksum: "md5:d41d8cd98f00b204e9800998ecf8427e" },
        }),
      ],
    }),
  },
  "artifact/destination": {
    fails: task({ artifacts: [new Artifact({ source: "https://example.com/a", destination: "../../../a" })] }),
    passes: task({ artifacts: [new Artifact({ source: "https://example.com/a", destination: "local/a" })] }),
  },
  "csi/id": {
    fails: task({ csiPlugin: new CsiPlugin({ id: "", type: "node" }) }),
    passes: task({ csiPlugin: new CsiPlugin({ id: "disks", type: "node" }) }),
  },
  "csi/directories": {
    fails: task({ csiPlugin: new CsiPlugin({ id: "disks", type: "node", stagePublishBaseDir: "/csi/stage" }) }),
    passes: task({ csiPlugin: new CsiPlugin({ id: "disks", type: "node", stagePublishBaseDir: "/local/stage" }) }),
  },
  "dispatch/file": {
    fails: task({ dispatchPayload: new DispatchPayload({ file: "../../../request.json" }) }),
    passes: task({ dispatchPayload: new DispatchPayload({ file: "request.json" }) }),
  },
  "driver/option": {
    fails: task({ driver: Driver.custom("docker", { image: "web:1.4.2", comand: "serve" }) }),
    passes: task({ driver: Driver.custom("docker", { image: "web:1.4.2", command: "serve" }) }),
  },
  "driver/port": {
    fails: group({
      networks: [Network.bridge(Port.dynamic("http"))],
      tasks: [new Task({ name: "web", driver: Driver.docker({ image: "web:1.4.2", ports: ["htpp"] }) })],
    }),
    passes: group({
      networks: [Network.bridge(Port.dynamic("http"))],
      tasks: [new Task({ name: "web", driver: Driver.docker({ image: "web:1.4.2", ports: ["http"] }) })],
    }),
  },
  "driver/shell-reference": {
    fails: task({ driver: Driver.rawExec({ command: "/bin/sh", args: ["-c", "echo ${NAME:-nobody}"] }) }),
    passes: task({ driver: Driver.rawExec({ command: "/bin/sh", args: ["-c", "echo $${NAME:-nobody}"] }) }),
  },
  "identity/name": {
    fails: task({ identities: [identity({ name: "for vault" })] }),
    passes: task({ identities: [identity({ name: "for-vault" })] }),
  },
  "identity/duplicate": {
    fails: task({ identities: [new Identity({ env: true }), new Identity({ file: true })] }),
    passes: task({ identities: [new Identity({ env: true, file: true })] }),
  },
  "identity/audience": {
    fails: task({ identities: [identity({ audience: [""] })] }),
    passes: task({ identities: [identity({ audience: ["vault.io"] })] }),
  },
  "identity/file": {
    fails: task({ identities: [identity({ filepath: "local/token" })] }),
    passes: task({ identities: [identity({ filepath: "local/token", file: true })] }),
  },
  "identity/signal": {
    fails: task({ identities: [identity({ changeMode: "signal" })] }),
    passes: task({ identities: [identity({ changeMode: "signal", changeSignal: "SIGHUP" })] }),
  },
  "identity/ttl": {
    fails: task({ identities: [new Identity({ env: true, ttl: Duration.hours(1) })] }),
    passes: task({ identities: [new Identity({ env: true })] }),
  },
  "identity/advice": {
    fails: task({ identities: [new Identity({ name: "vault", audience: ["vault.io"] })] }),
    passes: task({ identities: [new Identity({ name: "vault", audience: ["vault.io"], ttl: Duration.hours(1) })] }),
  },
  "logs/disk": {
    fails: task({}, { ephemeralDisk: new EphemeralDisk({ size: Memory.mebibytes(50) }) }),
    passes: task(
      { logs: new LogConfig({ maxFiles: 2, maxFileSize: Memory.mebibytes(10) }) },
      { ephemeralDisk: new EphemeralDisk({ size: Memory.mebibytes(50) }) },
    ),
  },
  "resources/cpu-and-cores": {
    fails: task({ resources: { cpu: Cpu.both(500, 1) } }),
    passes: task({ resources: { cpu: Cpu.cores(1) } }),
  },
  "resources/cores": {
    fails: task({ resources: { cpu: Cpu.cores(-1) } }),
    passes: task({ resources: { cpu: Cpu.cores(1) } }),
  },
  "resources/memory-max": {
    fails: task({ resources: { memory: Memory.mebibytes(64), memoryMax: Memory.mebibytes(32) } }),
    passes: task({ resources: { memory: Memory.mebibytes(64), memoryMax: Memory.mebibytes(128) } }),
    target: { memoryOversubscription: true },
  },
  "resources/oversubscription": {
    fails: task({ resources: { memory: Memory.mebibytes(64), memoryMax: Memory.mebibytes(128) } }),
    passes: task({ resources: { memory: Memory.mebibytes(64) } }),
  },
  "resources/secrets": {
    fails: task({ resources: { memory: Memory.mebibytes(64), secrets: Memory.mebibytes(128) } }),
    passes: task({ resources: { memory: Memory.mebibytes(64), secrets: Memory.mebibytes(2) } }),
  },
  "resources/numa": {
    fails: task({ resources: { devices: [new Device({ name: "gpu" })], numa: new Numa({ devices: ["fpga"] }) } }),
    passes: task({ resources: { devices: [new Device({ name: "gpu" })], numa: new Numa({ devices: ["gpu"] }) } }),
  },
  "resources/device": {
    fails: task({ resources: new Resources({ devices: [new Device({ name: "" })] }) }),
    passes: task({ resources: new Resources({ devices: [new Device({ name: "nvidia/gpu" })] }) }),
  },
  "secret/name": {
    fails: task({ secrets: [new TaskSecret({ name: "db-login", provider: "nomad", path: "db" })] }),
    passes: task({ secrets: [new TaskSecret({ name: "db_login", provider: "nomad", path: "db" })] }),
  },
  "secret/duplicate": {
    fails: task({ secrets: ["db", "mail"].map((path) => new TaskSecret({ name: "login", provider: "nomad", path })) }),
    passes: task({ secrets: ["db", "mail"].map((path) => new TaskSecret({ name: path, provider: "nomad", path })) }),
  },
  "secret/provider": {
    fails: task({ secrets: [new TaskSecret({ name: "db", provider: "", path: "db" })] }),
    passes: task({ secrets: [new TaskSecret({ name: "db", provider: "nomad", path: "db" })] }),
  },
  "secret/path": {
    fails: task({ secrets: [new TaskSecret({ name: "db", provider: "nomad", path: "" })] }),
    passes: task({ secrets: [new TaskSecret({ name: "db", provider: "nomad", path: "db" })] }),
  },
  "secret/env": {
    fails: task({ secrets: [new TaskSecret({ name: "db", provider: "nomad", path: "db", env: { REALM: "shop" } })] }),
    passes: task({ secrets: [new TaskSecret({ name: "db", provider: "keeper", path: "db", env: { REALM: "shop" } })] }),
  },
  "secret/config": {
    fails: task({ secrets: [new TaskSecret({ name: "db", provider: "keeper", path: "db", config: { realm: "a" } })] }),
    passes: task({
      secrets: [new TaskSecret({ name: "db", provider: "nomad", path: "db", config: { namespace: "shop" } })],
    }),
  },
  "secret/vault": {
    fails: task({ secrets: [new TaskSecret({ name: "db", provider: "vault", path: "secret/data/db" })] }),
    passes: task({
      vault: new Vault(),
      secrets: [new TaskSecret({ name: "db", provider: "vault", path: "secret/data/db" })],
    }),
  },
  "secret/literal": {
    fails: task({ env: { DB_PASSWORD: "correct horse battery staple" } }),
    passes: task({}).withEachTask((each) =>
      each.withSecretEnv({ DB_PASSWORD: Secret.fromNomadVariable("nomad/jobs/web", "db_password") }),
    ),
  },
  "template/content": {
    fails: task({ templates: [new Template({ destination: "local/app.env" })] }),
    passes: task({ templates: [new Template({ destination: "local/app.env", data: "LOG=info\n" })] }),
  },
  "template/destination": {
    fails: task({ templates: [Template.file("../../../app.env", "LOG=info\n")] }),
    passes: task({ templates: [Template.file("local/app.env", "LOG=info\n")] }),
  },
  "template/perms": {
    fails: task({ templates: [Template.file("local/app.env", "LOG=info\n", { perms: "rw-r--r--" })] }),
    passes: task({ templates: [Template.file("local/app.env", "LOG=info\n", { perms: "644" })] }),
  },
  "template/script": {
    fails: task({ templates: [Template.file("local/app.env", "LOG=info\n", { changeMode: "script" })] }),
    passes: task({
      templates: [
        Template.file("local/app.env", "LOG=info\n", {
          changeMode: "script",
          changeScript: new ChangeScript({ command: "/bin/reload" }),
        }),
      ],
    }),
  },
  "template/signal": {
    fails: task({ templates: [Template.env("secrets/app.env", "LOG=info\n", { changeMode: "signal" })] }),
    passes: task({
      templates: [Template.file("local/app.conf", "log info\n", { changeMode: "signal", changeSignal: "SIGHUP" })],
    }),
  },
  "template/wait": {
    fails: task({
      templates: [
        Template.file("local/app.env", "LOG=info\n", { wait: { min: Duration.minutes(1), max: Duration.seconds(5) } }),
      ],
    }),
    passes: task({
      templates: [
        Template.file("local/app.env", "LOG=info\n", { wait: { min: Duration.seconds(5), max: Duration.minutes(1) } }),
      ],
    }),
  },
  "vault/root-policy": {
    fails: task({ vault: Vault.policies("root") }),
    passes: task({ vault: Vault.role("web") }),
    besides: ["field/deprecated"],
  },
  "vault/signal": {
    fails: task({ vault: new Vault({ changeMode: "signal", changeSignal: "" }) }),
    passes: task({ vault: new Vault({ changeMode: "signal", changeSignal: "SIGHUP" }) }),
  },
  "volume/source": {
    fails: group({ volumes: [VolumeRequest.host("data", "")] }),
    passes: group({ volumes: [VolumeRequest.host("data", "web-data")] }),
  },
  "volume/destination": {
    fails: task(
      { volumeMounts: [new VolumeMount({ volume: "data" } as ConstructorParameters<typeof VolumeMount>[0])] },
      { volumes: [VolumeRequest.host("data", "web-data")] },
    ),
    passes: task(
      { volumeMounts: [new VolumeMount({ volume: "data", destination: "/data" })] },
      { volumes: [VolumeRequest.host("data", "web-data")] },
    ),
  },
  "volume/unknown": {
    fails: task({ volumeMounts: [new VolumeMount({ volume: "data", destination: "/data" })] }),
    passes: task(
      { volumeMounts: [new VolumeMount({ volume: "data", destination: "/data" })] },
      { volumes: [VolumeRequest.host("data", "web-data")] },
    ),
  },
  "volume/host-modes": {
    fails: group({ volumes: [VolumeRequest.host("data", "web-data", { accessMode: "single-node-writer" })] }),
    passes: group({ volumes: [VolumeRequest.host("data", "web-data")] }),
  },
  "volume/access-mode": {
    fails: group({ volumes: [VolumeRequest.host("data", "web-data", { accessMode: "multi-node-multi-writer" })] }),
    passes: group({ volumes: [VolumeRequest.host("data", "web-data", { accessMode: "single-node-writer" })] }),
  },
  "volume/attachment-mode": {
    fails: group({
      volumes: [new VolumeRequest({ name: "data", type: "csi", source: "disk", accessMode: "single-node-writer" })],
    }),
    passes: group({
      volumes: [VolumeRequest.csi("data", "disk", { accessMode: "single-node-writer", attachmentMode: "file-system" })],
    }),
  },
  "volume/mount-options": {
    fails: group({
      volumes: [VolumeRequest.host("data", "web-data", { mountOptions: new CsiMountOptions({ fsType: "ext4" }) })],
    }),
    passes: group({
      volumes: [
        VolumeRequest.csi("data", "disk", {
          accessMode: "single-node-writer",
          attachmentMode: "file-system",
          mountOptions: new CsiMountOptions({ fsType: "ext4" }),
        }),
      ],
    }),
  },
  "volume/per-alloc": {
    fails: group({ volumes: [VolumeRequest.host("data", "web-data", { perAlloc: true })] }, { type: "system" }),
    passes: group({ volumes: [VolumeRequest.host("data", "web-data", { perAlloc: true })] }, { type: "service" }),
  },
  "volume/read-only": {
    fails: group({ volumes: [VolumeRequest.host("data", "web-data", { accessMode: "single-node-reader-only" })] }),
    passes: group({
      volumes: [VolumeRequest.host("data", "web-data", { accessMode: "single-node-reader-only", readOnly: true })],
    }),
  },
  "volume/selinux": {
    fails: task(
      { volumeMounts: [new VolumeMount({ volume: "data", destination: "/data", selinuxLabel: "shared" })] },
      { volumes: [VolumeRequest.host("data", "web-data")] },
    ),
    passes: task(
      { volumeMounts: [new VolumeMount({ volume: "data", destination: "/data", selinuxLabel: "z" })] },
      { volumes: [VolumeRequest.host("data", "web-data")] },
    ),
  },
} as const satisfies Readonly<Record<string, RuleExample>>;

/** An identity that has nothing against it, with other properties. */
function identity(props: ConstructorParameters<typeof Identity>[0]): Identity {
  return new Identity({ name: "vault", audience: ["vault.io"], ttl: Duration.hours(1), ...props });
}
