import fc from "fast-check";

type Json = Record<string, unknown>;

/** Some of the keys, each with one of a few values. */
function some(values: Readonly<Record<string, readonly unknown[]>>): fc.Arbitrary<Json> {
  const entries = Object.entries(values).map(([name, of]) => [name, fc.constantFrom(...of)] as const);
  return fc.record(Object.fromEntries(entries), { requiredKeys: [], noNullPrototype: true });
}

const SECOND = 1e9;

const resources = fc.option(
  some({ CPU: [0, 100, 500], MemoryMB: [0, 64, 300], MemoryMaxMB: [512], Cores: [null, 1] }),
  { nil: undefined },
);
const sidecarTask = fc.option(
  fc
    .tuple(
      some({
        Name: ["", "proxy"],
        Driver: ["", "docker", "podman", "raw_exec"],
        User: ["", "nobody"],
        Config: [null, { image: "envoy:1" }, { labels: [{ app: "web" }] }],
        Env: [null, { A: "1" }],
        Meta: [null, { a: "1" }],
        KillTimeout: [null, 20 * SECOND],
        ShutdownDelay: [null, 0, 7 * SECOND],
        KillSignal: ["", "SIGINT"],
        LogConfig: [null, { MaxFiles: 1, MaxFileSizeMB: 1 }, { MaxFiles: 3 }],
      }),
      resources,
    )
    .map(([task, Resources]) => ({ ...task, ...(Resources ? { Resources } : {}) })),
  { nil: undefined },
);

const gatewayProxy = fc.option(
  some({
    ConnectTimeout: [null, 3 * SECOND],
    EnvoyGatewayNoDefaultBind: [true, false],
    EnvoyGatewayBindTaggedAddresses: [true, false],
    EnvoyGatewayBindAddresses: [null, { default: { Name: "default", Address: "10.0.0.1", Port: 9000 } }],
    EnvoyDNSDiscoveryType: ["STRICT_DNS"],
    Config: [{ a: 1 }],
  }),
  { nil: undefined },
);
const gatewayKind = fc.constantFrom(
  { Ingress: { Listeners: [{ Port: 8080, Protocol: "tcp", Services: [{ Name: "web" }] }] } },
  { Terminating: { Services: [{ Name: "mainframe" }] } },
  { Mesh: {} },
);
const gateway = fc
  .tuple(gatewayKind, gatewayProxy, sidecarTask)
  .map(([kind, Proxy, SidecarTask]) => ({ Gateway: { ...kind, ...(Proxy ? { Proxy } : {}) }, SidecarTask }));

const sidecar = fc
  .tuple(
    some({
      LocalServicePort: [0, 9090],
      Expose: [null, { Paths: [{ Path: "/m", ListenerPort: "http", LocalPathPort: 9 }] }],
    }),
    fc.boolean(),
    fc.constantFrom("", "http"),
    sidecarTask,
  )
  .map(([Proxy, hasProxy, Port, SidecarTask]) => ({
    SidecarService: { Port, ...(hasProxy ? { Proxy } : {}) },
    SidecarTask,
  }));

const connect = fc.oneof(sidecar, gateway, fc.constant({ Native: true }));

const check = some({
  Type: ["http", "tcp", "HTTP"],
  Path: ["/health", "/ready"],
  Protocol: ["", "http"],
  PortLabel: ["", "http"],
  Expose: [true, false],
  TaskName: ["", "web"],
}).map((written) => ({ Type: "http", Path: "/", Interval: 10 * SECOND, Timeout: 2 * SECOND, ...written }));

const service = fc
  .tuple(
    some({ PortLabel: ["", "http", "9090"], TaskName: ["", "web"], OnUpdate: ["", "ignore"] }),
    connect,
    fc.array(check, { maxLength: 2 }),
  )
  .map(([written, Connect, Checks]) => ({ ...written, Connect, ...(Checks.length > 0 ? { Checks } : {}) }));

/** Jobs of API JSON with a group whose services are of the mesh, in any way: with sidecars, as gateways, natively. A server refuses some. */
export const meshJobs: fc.Arbitrary<Json> = fc
  .tuple(
    fc.constantFrom("bridge", "host", "cni/mine", "none"),
    fc.array(fc.constantFrom("docker", "podman", "raw_exec"), { minLength: 1, maxLength: 2 }),
    fc.array(service, { minLength: 1, maxLength: 2 }),
  )
  .map(([Mode, drivers, services]) => ({
    ID: "mesh",
    Name: "mesh",
    TaskGroups: [
      {
        Name: "g",
        Networks: [{ Mode, DynamicPorts: [{ Label: "http", To: 8080 }] }],
        Services: services.map((each, index) => ({ Name: `s${index}`, ...each })),
        Tasks: drivers.map((Driver, index) => ({
          Name: index === 0 ? "web" : "other",
          Driver,
          Config: { image: "a:1" },
        })),
      },
    ],
  }));
