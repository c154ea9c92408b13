import {
  AdminGroup,
  Check,
  Cpu,
  Duration,
  Job,
  KeyvalueGroup,
  LauncherGroup,
  Memory,
  PrismStack,
  Program,
  Resources,
  Restart,
  Update,
  Vault,
} from "../../../lib";

const api = (group: AdminGroup | LauncherGroup | KeyvalueGroup) => group.toApi() as never as Group;
interface Group {
  Count: number;
  Networks?: { Mode?: string; ReservedPorts: { Label: string; Value: number; To?: number }[] }[];
  Update?: object;
  RestartPolicy: object;
  Tasks: {
    Name: string;
    Driver: string;
    Config: { image?: string; command: string; args: string[]; ports?: string[] };
    Resources: object;
    Templates: { DestPath: string; EmbeddedTmpl: string }[];
    Services: { Checks?: object[]; Tags?: string[]; Meta: object }[];
    Vault?: object;
    Env?: object;
  }[];
}
const main = (group: Group) => group.Tasks.at(-1) as Group["Tasks"][number];

describe("by default the groups are those of the seed", () => {
  test("with its binaries", () => {
    expect(main(api(new AdminGroup())).Config).toEqual({
      command: "${NOMAD_TASK_DIR}/../../binaries/prism-admin",
      args: ["serve", "--port=8981"],
    });
    expect(main(api(new KeyvalueGroup())).Config).toEqual({
      command: "${NOMAD_TASK_DIR}/../../binaries/keyvalue-runner",
      args: ["--proxy-addr=localhost:9090"],
    });
    expect(main(api(new LauncherGroup())).Config).toEqual({
      command: "${NOMAD_TASK_DIR}/../../binaries/pattern-launcher",
      args: [
        "--admin-endpoint=${ADMIN_ADDR}",
        "--launcher-id=launcher-01",
        "--grpc-port=7070",
        "--health-port=9093",
        "--patterns-dir=${NOMAD_TASK_DIR}/../../patterns",
      ],
    });
  });

  test("with its template", () => {
    expect(main(api(new LauncherGroup())).Templates[0]).toEqual({
      DestPath: "local/admin.env",
      EmbeddedTmpl:
        '{{ range service "prism-admin" }}\nADMIN_ADDR={{ .Address }}:{{ .Port }}\n{{ else }}# {{ key "prism/no-healthy-admin" }}\n{{ end }}\n',
      Envvars: true,
    });
  });

  test("in containers with its ports", () => {
    const admin = api(
      new AdminGroup({
        program: Program.image("prism-admin:1", { command: "/app/prism-admin", volumes: ["/bin:/app"] }),
      }),
    );
    expect(admin.Networks).toEqual([
      {
        ReservedPorts: [
          { Label: "grpc", Value: 8981 },
          { Label: "metrics", Value: 9090 },
        ],
      },
    ]);
    expect(main(admin)).toMatchObject({
      Driver: "docker",
      Config: {
        image: "prism-admin:1",
        command: "/app/prism-admin",
        args: ["serve", "--port=8981"],
        ports: ["grpc", "metrics"],
        volumes: ["/bin:/app"],
      },
      Services: [{ Tags: ["prometheus"], Meta: { prometheus_port: "9090", prometheus_path: "/metrics" } }],
    });
    const keyvalue = api(new KeyvalueGroup({ program: Program.image("keyvalue-runner:1") }));
    expect(keyvalue.Networks).toBeUndefined();
    expect(main(keyvalue).Services[0]?.Checks).toBeUndefined();
  });
});

describe("every figure can be set", () => {
  test("of the admin", () => {
    const group = api(
      new AdminGroup({
        program: Program.binary("/opt/prism-admin", { isolated: true }),
        count: 3,
        ports: { grpc: 9000, metrics: 9090 },
        check: Check.tcp({ interval: Duration.seconds(1), timeout: Duration.seconds(1) }),
        database: "postgresql://db/prism",
        dataDir: "/data",
        databaseSecret: { vault: Vault.role("prism-admin") },
        restart: Restart.never(),
        resources: new Resources({ cpu: Cpu.mhz(1), memory: Memory.mebibytes(10) }),
        update: Update.canary({ canary: 1 }),
        env: { A: "1" },
        args: ["--verbose"],
      }),
    );
    expect(group).toMatchObject({ Count: 3, RestartPolicy: { Attempts: 0 }, Update: { Canary: 1 } });
    expect(main(group)).toMatchObject({
      Driver: "exec",
      Env: { A: "1" },
      Config: {
        args: [
          "serve",
          "--port=9000",
          "--grpc-port=9000",
          "--metrics-port=9090",
          "--data-dir=/data",
          "--db=postgresql://db/prism",
          "--verbose",
        ],
      },
      Resources: { CPU: 1, MemoryMB: 10 },
      Vault: { Role: "prism-admin" },
      Templates: [
        {
          DestPath: "secrets/db.env",
          EmbeddedTmpl: '{{ with secret "secret/prism/admin" }}\nDB_PASSWORD={{ .Data.data.password }}\n{{ end }}\n',
        },
      ],
      Services: [
        {
          Tags: ["prometheus"],
          Meta: { prometheus_port: "9090", prometheus_path: "/metrics", channel: "stable" },
          Checks: [{ Type: "tcp", Interval: 1e9 }],
        },
      ],
    });
  });

  test("of the launcher", () => {
    const group = api(
      new LauncherGroup({
        count: 2,
        launcherId: "l",
        region: "west",
        awaitAdmin: false,
        patterns: [{ name: "kv", version: "1", command: "/opt/kv", healthPort: 1 }],
        ports: { metrics: 9092 },
      }),
    );
    expect(group.Tasks).toHaveLength(1);
    expect(main(group).Config.args).toEqual(
      expect.arrayContaining([
        "--launcher-id=l-${NOMAD_ALLOC_INDEX}",
        "--region=west",
        "--metrics-port=9092",
        "--patterns-dir=${NOMAD_TASK_DIR}/patterns",
      ]),
    );
    expect(main(group).Templates.map((template) => template.DestPath)).toEqual([
      "local/admin.env",
      "local/patterns/kv/manifest.yaml",
      "local/patterns/kv/run",
    ]);
  });

  test("of the runner", () => {
    const group = api(new KeyvalueGroup({ mode: { namespace: "dev" }, awaitLauncher: false }));
    expect(main(group).Config.args).toEqual(["--config=${NOMAD_TASK_DIR}/keyvalue.yaml"]);
    expect(main(group).Templates[0]?.EmbeddedTmpl).toContain('name: "dev"');
  });

  test("of the job, which stays sound", () => {
    const job = new PrismStack({
      id: "mine",
      priority: 80,
      datacenters: ["dc2"],
      launcher: { count: 3, update: Update.canary({ canary: 1, maxParallel: 1 }) },
      keyvalue: false,
    });
    expect(job).toBeInstanceOf(Job);
    expect(job.toApi().Job).toMatchObject({
      ID: "mine",
      Priority: 80,
      Datacenters: ["dc2"],
      TaskGroups: [{ Name: "admin" }, { Name: "launcher", Update: { Canary: 1, MaxParallel: 1 } }],
    });
    expect(job.validate()).toEqual([]);
    expect(new PrismStack().validate()).toEqual([]);
  });

  test("and a group changed afterwards stays what it is", () => {
    const changed = new AdminGroup({ count: 2 }).with({ count: 5 });
    expect(changed).toBeInstanceOf(AdminGroup);
    expect(api(changed)).toMatchObject({ Count: 5, Tasks: [{ Name: "prism-admin" }] });
  });
});
