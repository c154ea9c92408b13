import { Driver, Duration, Job, Memory, UserError } from "../../../../lib";

const inJob = (driver: Driver) => new Job({ id: "a", groups: [{ name: "g", tasks: [{ name: "t", driver }] }] });

describe("drivers", () => {
  test("docker's blocks stand as lists, as Nomad's own parser writes them", () => {
    const driver = Driver.docker({
      image: "web:1",
      args: ["-p", "${NOMAD_PORT_http}"],
      auth: { username: "u", password: "p" },
      logging: { type: "json-file", config: { "max-size": "10m" } },
      mounts: [{ type: "bind", source: "/a", target: "/b", readonly: true }],
      ulimit: { nofile: "4096" },
    });
    expect(driver.toApi()).toEqual({
      image: "web:1",
      args: ["-p", "${NOMAD_PORT_http}"],
      auth: [{ username: "u", password: "p" }],
      logging: [{ type: "json-file", config: [{ "max-size": "10m" }] }],
      mount: [{ type: "bind", source: "/a", target: "/b", readonly: true }],
      ulimit: [{ nofile: "4096" }],
    });
  });

  test("exec and raw_exec", () => {
    expect(Driver.exec({ command: "/bin/a", pidMode: "host", capAdd: ["net_raw"] }).toApi()).toEqual({
      command: "/bin/a",
      pid_mode: "host",
      cap_add: ["net_raw"],
    });
    expect(Driver.rawExec({ command: "/bin/a", args: ["b"], workDir: "/tmp" }).toApi()).toEqual({
      command: "/bin/a",
      args: ["b"],
      work_dir: "/tmp",
    });
  });

  test("times and sizes are written as units, and rendered as each driver reads them", () => {
    expect(
      Driver.docker({ image: "a", imagePullTimeout: Duration.minutes(10), shmSize: Memory.mebibytes(64) }).toApi(),
    ).toEqual({ image: "a", image_pull_timeout: "10m", shm_size: 64 * 1024 ** 2 });
    const podman = { image: "a", imagePullTimeout: Duration.seconds(90), shmSize: Memory.kibibytes(100) };
    expect(
      Driver.podman({ ...podman, memoryReservation: Memory.gibibytes(1), memorySwap: Memory.bytes(3) }).toApi(),
    ).toEqual({
      image: "a",
      image_pull_timeout: "1m30s",
      shm_size: "100k",
      memory_reservation: "1g",
      memory_swap: "3b",
    });
    expect(Driver.firecracker({ memory: Memory.gibibytes(2) }).toApi()).toEqual({ Mem: 2048 });
  });

  test("a time or size in a driver's own notation stays as it is written", () => {
    const config = { image: "a", image_pull_timeout: "600s", shm_size: "64M" };
    expect(Driver.podman({ image: "a", imagePullTimeout: "600s", shmSize: "64M" }).toApi()).toEqual(config);
    expect(Driver.docker({ image: "a", shmSize: 100 }).toApi()).toEqual({ image: "a", shm_size: 100 });
    const [wrong] = inJob(Driver.podman({ image: "a", imagePullTimeout: Memory.bytes(1) as never })).validate();
    expect(wrong).toMatchObject({
      path: ["groups", { index: 0, name: "g" }, "tasks", { index: 0, name: "t" }, "driver", "imagePullTimeout"],
      message: "expected an amount, found a Memory; write Duration.minutes(5)",
    });
    expect(inJob(Driver.docker({ image: "a", shmSize: Memory.mebibytes(-1) })).validate()).toHaveLength(1);
    expect(inJob(Driver.docker({ image: "a", shmSize: "64m" as never })).validate()).toHaveLength(1);
  });

  test("read from a job they are units again, written the same way", () => {
    for (const [image_pull_timeout, shm_size] of [
      ["10m", 67108864],
      ["600s", 1000],
      ["x", 0],
    ] as const) {
      const config = { image: "a", image_pull_timeout, shm_size };
      const typed = Driver.custom("docker", config).typed()?.config;
      expect(typed?.toApi()).toEqual(config);
      expect(typed).toMatchObject({ shmSize: Memory.bytes(shm_size) });
    }
  });

  test.each([
    ["infinity", { a: { b: [1, Infinity] } }],
    ["an instance of a class", { a: new Map() }],
    ["a function", { a: () => 1 }],
    ["a cycle", cyclic()],
  ])("any other driver's configuration is plain data: %s is refused", (_name, config) => {
    expect(inJob(Driver.custom("podman", config)).validate()).toEqual([
      expect.objectContaining({
        path: ["groups", { index: 0, name: "g" }, "tasks", { index: 0, name: "t" }, "driver"],
      }),
    ]);
    expect(() => inJob(Driver.custom("podman", config)).toApi()).toThrow(UserError);
  });
});

function cyclic(): Record<string, unknown> {
  const a: Record<string, unknown> = {};
  a.a = a;
  return a;
}
