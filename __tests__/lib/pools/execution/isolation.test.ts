import { isolationOf } from "../../../../lib/pools";

test.each([
  ["docker", { image: "a:1" }, "container"],
  [
    "docker",
    { volumes: ["local/data:/data", "models:/models:ro", "/opt/models:/models:ro"], cap_add: ["net_raw"] },
    "container",
  ],
  ["docker", { mounts: [{ type: "bind", source: "/srv/shared", target: "/s" }], privileged: false }, "container"],
  [
    "docker",
    { devices: [{ host_path: "/dev/kvm" }, { host_path: "/dev/fuse" }], pid_mode: "", ipc_mode: "private" },
    "container",
  ],
  ["podman", { image: "a:1", userns: "keep-id:uid=200" }, "container"],
  ["exec", { command: "/bin/true", pid_mode: "private" }, "chroot"],
  ["java", { jar_path: "local/a.jar" }, "chroot"],
  ["raw_exec", {}, "none"],
  ["somebody's", {}, "none"],
] as const)("a task of %s with %j is kept apart as it is: %s", (driver, config, isolation) => {
  expect(isolationOf(driver, config)).toBe(isolation);
});

test("a driver that is told nothing keeps apart what it does", () => {
  expect([isolationOf("docker"), isolationOf("exec", null)]).toEqual(["container", "chroot"]);
});

test.each([
  { privileged: true },
  { privileged: "true" },
  { privileged: "${meta.privileged}" },
  { pid_mode: "host" },
  { pid_mode: "container:other" },
  { pid_mode: "${meta.mode}" },
  { ipc_mode: "host" },
  { userns_mode: "host" },
  { userns: "host" },
  { cap_add: ["SYS_ADMIN"] },
  { cap_add: ["net_raw", "cap_sys_ptrace"] },
  { cap_add: ["all"] },
  { cap_add: ["${meta.cap}"] },
  { volumes: ["/:/host:ro"] },
  { volumes: ["/var/run/docker.sock:/var/run/docker.sock"] },
  { volumes: ["//var//../:/x"] },
  { volumes: ["../../:/x"] },
  { volumes: ["/proc/1/root:/x"] },
  { volumes: ["/var/lib/nomad/alloc:/x"] },
  { mount: [{ type: "bind", source: "/etc", target: "/x" }] },
  { mounts: [{ type: "bind", source: "/run/", target: "/x" }] },
  { mount: { type: "bind", source: "/root/.ssh", target: "/x" } },
  { devices: [{ host_path: "/dev/sda1" }] },
  { devices: [{ host_path: "/dev/mem" }] },
  { devices: ["/dev/nvme0n1:/dev/x"] },
])("no driver keeps a task apart that is told %j", (config) => {
  expect([isolationOf("docker", config), isolationOf("exec", config)]).toEqual(["none", "none"]);
});
