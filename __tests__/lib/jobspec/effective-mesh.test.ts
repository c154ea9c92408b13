import { Job } from "../../../lib";
import { effective } from "../../../lib/jobspec/host";

type Json = Record<string, unknown>;

interface Written {
  readonly driver?: string;
  readonly service?: Json;
  readonly connect?: Json;
  readonly mode?: string;
  readonly more?: readonly Json[];
}

/** A group with a service of the mesh. What is expected of each is what a Nomad 1.11.3 stored of it; drawn ones are asked of a server by the tests on a cluster. */
function jobOf({ driver = "docker", service, connect = { SidecarService: {} }, mode = "bridge", more = [] }: Written) {
  const task = { Name: "web", Driver: driver, Config: { image: "a:1" } };
  const own = { Name: "api", PortLabel: "9090", Connect: connect, ...service };
  const networks = [{ Mode: mode, DynamicPorts: [{ Label: "http", To: 8080 }] }];
  const group = { Name: "g", Networks: networks, Services: [own, ...more], Tasks: [task] };
  return { ID: "mesh", TaskGroups: [group] };
}

function groupOf(written: Written): Json {
  return effective(Job.fromApi(jobOf(written))).TaskGroups[0] as unknown as Json;
}

const addedTask = (written: Written) => (groupOf(written).Tasks as Json[]).at(-1);
const serviceOf = (written: Written) => (groupOf(written).Services as Json[])[0];
const rulesOf = (written: Written) =>
  Job.fromApi(jobOf(written))
    .validate()
    .map(({ rule, severity }) => `${rule} ${severity}`);

describe("the task that a server adds", () => {
  test("runs in podman where the group's tasks do, in docker else", () => {
    expect(addedTask({ driver: "podman" })).toMatchObject({ Driver: "podman", Config: { args: expect.anything() } });
    expect(addedTask({ driver: "raw_exec" })).toMatchObject({ Driver: "docker" });
    const other = { SidecarService: {}, SidecarTask: { Driver: "docker", Config: { image: "envoy:1" } } };
    // Another driver than the server's has nothing of the server's configuration.
    expect(addedTask({ driver: "podman", connect: other })?.Config).toEqual({ image: "envoy:1" });
  });

  test.each([
    [undefined, { CPU: 250, MemoryMB: 128 }],
    [{}, { CPU: 100, MemoryMB: 300 }],
    [{ Resources: { CPU: 500 } }, { CPU: 500, MemoryMB: 300 }],
    [{ Resources: { CPU: 0, MemoryMB: 0 } }, { CPU: 250, MemoryMB: 128 }],
  ])("has the server's figures of the block %j", (SidecarTask, expected) => {
    expect(addedTask({ connect: { SidecarService: {}, SidecarTask } })?.Resources).toMatchObject(expected);
  });

  test("has the network of its node where a gateway's group has", () => {
    const connect = { Gateway: { Mesh: {} } };
    expect(addedTask({ connect, mode: "host" })?.Config).toMatchObject({ network_mode: "host" });
    expect(addedTask({ connect })?.Config).not.toHaveProperty("network_mode");
  });

  test("is refused with cores, and with the name of another", () => {
    const cores = { SidecarService: {}, SidecarTask: { Resources: { Cores: 1 } } };
    expect(rulesOf({ connect: cores })).toContain("resources/cpu-and-cores error");
    const named = { SidecarService: {}, SidecarTask: { Name: "web" } };
    expect(rulesOf({ connect: named })).toEqual(["task/duplicate error"]);
    expect(rulesOf({})).toEqual([]);
  });
});

describe("the service that a server stores", () => {
  const check = { Type: "http", Path: "/health", Interval: 10e9, Timeout: 2e9 };

  test("has a path past the mesh for each exposed check", () => {
    const path = { Path: "/health", Protocol: "", LocalPathPort: 9090, ListenerPort: "http" };
    const exposed = { ...check, Expose: true, PortLabel: "http" };
    expect(serviceOf({ service: { Checks: [exposed, exposed] } })).toMatchObject({
      Connect: { SidecarService: { Proxy: { Expose: { Paths: [path] } } } },
    });
    expect(serviceOf({ service: { Checks: [check] } })?.Connect).not.toHaveProperty("SidecarService.Proxy");
  });

  test("names its only task in itself and its checks where it speaks to the mesh by itself", () => {
    expect(serviceOf({ connect: { Native: true }, service: { Checks: [check] } })).toMatchObject({
      TaskName: "web",
      Checks: [{ TaskName: "web" }],
    });
  });

  test.each(["bridge", "cni/mine"])("says where a gateway listens, in %s, unless somebody wrote that", (mode) => {
    const bound = { lan: { Address: "0.0.0.0", Port: -1 }, wan: { Address: "0.0.0.0", Port: -1 } };
    const proxyOf = (Proxy?: Json) =>
      (serviceOf({ mode, connect: { Gateway: { Mesh: {}, Proxy } } })?.Connect as { Gateway: { Proxy: Json } }).Gateway
        .Proxy;
    expect(proxyOf()).toMatchObject({ EnvoyGatewayNoDefaultBind: true, EnvoyGatewayBindAddresses: bound });
    expect(proxyOf({ EnvoyGatewayBindTaggedAddresses: true })).not.toHaveProperty("EnvoyGatewayBindAddresses");
  });
});
