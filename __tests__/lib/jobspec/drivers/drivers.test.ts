import { Driver, Job, UserError } from "../../../../lib";

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

  test.each([
    ["infinity", { a: { b: [1, Infinity] } }],
    ["an instance of a class", { a: new Map() }],
    ["a function", { a: () => 1 }],
    ["a cycle", cyclic()],
  ])("any other driver's configuration is plain data: %s is refused", (_name, config) => {
    expect(inJob(Driver.custom("podman", config)).validate()).toEqual([
      expect.objectContaining({ path: "groups[g].tasks[t].driver" }),
    ]);
    expect(() => inJob(Driver.custom("podman", config)).toApi()).toThrow(UserError);
  });
});

function cyclic(): Record<string, unknown> {
  const a: Record<string, unknown> = {};
  a.a = a;
  return a;
}
