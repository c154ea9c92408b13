import { App, TerraformStack } from "cdktf";
import {
  Connect,
  Driver,
  formatProblem,
  Gateway,
  IngressGateway,
  Intentions,
  Job,
  Network,
  NomadJob,
  problemsOf,
  Service,
  Task,
  TaskGroup,
  UserError,
  type ServiceProps,
} from "../../../lib";
import { SynthesizedStack } from "../../../lib/testing";

function jobOf(id: string, ...services: readonly (Partial<ServiceProps> & { readonly name: string })[]): Job {
  const task = new Task({ name: "main", driver: Driver.docker({ image: `${id}:1` }) });
  const offered = services.map((each) => new Service({ port: "80", ...each }));
  return new Job({
    id,
    groups: [
      new TaskGroup({ name: "group", tasks: [task], networks: [new Network({ mode: "bridge" })], services: offered }),
    ],
  });
}

function program() {
  const app = new App();
  const stack = new TerraformStack(app, "dev");
  const add = (id: string, ...services: Parameters<typeof jobOf>[1][]) =>
    new NomadJob(stack, id, { job: jobOf(id, ...services) });
  return { app, stack, add };
}

test("a relation is one line: an upstream, an intention, a proxy on both sides, and the order", () => {
  const { app, stack, add } = program();
  const launcher = add("launcher", { name: "pattern-launcher" }).service("pattern-launcher");
  const admin = add("admin", { name: "prism-admin" }).service("prism-admin");
  const store = add("store", { name: "store" }).service("store");
  expect(launcher.connectTo(admin).connectTo(store)).toBe(launcher);
  store.connectTo(admin, { localPort: 8000 });

  const synthesized = SynthesizedStack.fromStack(stack);
  const services = (id: string) =>
    (synthesized.job(id) as { TaskGroups: { Services: object[] }[] }).TaskGroups[0]?.Services;
  expect(services("launcher")).toMatchObject([
    {
      Connect: {
        SidecarService: {
          Proxy: {
            Upstreams: [
              { DestinationName: "prism-admin", LocalBindPort: 9191 },
              { DestinationName: "store", LocalBindPort: 9192 },
            ],
          },
        },
      },
    },
  ]);
  expect(services("admin")).toMatchObject([{ Connect: { SidecarService: {} } }]);
  synthesized.hasConfigEntry("service-intentions", "prism-admin", {
    Sources: [
      { Name: "pattern-launcher", Action: "allow", Precedence: 9 },
      { Name: "store", Action: "allow" },
    ],
  });
  synthesized.hasConfigEntry("service-intentions", "store", {
    Sources: [{ Name: "pattern-launcher" }],
  });
  expect(launcher.job.dependsOn).toHaveLength(2);
  expect(problemsOf(app)).toEqual([]);
});

test("said twice it is one, and intentions that are there already are added to", () => {
  const { stack, add } = program();
  const web = add("web", { name: "web" }).service("web");
  const api = add("api", { name: "api" }).service("api");
  new Intentions(stack, "mine", { to: "api", deny: ["*"] });
  web.connectTo(api).connectTo(api);
  const synthesized = SynthesizedStack.fromStack(stack);
  expect(synthesized.resources("consul_config_entry")).toHaveLength(1);
  synthesized.hasConfigEntry("service-intentions", "api", {
    Sources: [
      { Name: "web", Action: "allow" },
      { Name: "*", Action: "deny" },
    ],
  });
  const upstreams = web.job.job.groups?.[0]?.services?.[0]?.connect?.sidecarService?.proxy?.upstreams;
  expect(upstreams).toHaveLength(1);
});

test("what cannot be connected is said with the way out", () => {
  const { add } = program();
  const web = add("web", { name: "web" }, { name: "native", connect: Connect.native() });
  const gateway = Connect.gateway(Gateway.ingress(new IngressGateway({ listeners: [] })));
  const edge = add("edge", { name: "edge", connect: gateway });
  expect(() => web.service("wep")).toThrow(/is no service of its groups; write "web"/);
  const before = JSON.stringify([web.job, edge.job]);
  expect(() => web.service("web").connectTo(web.service("native"))).toThrow(/has no proxy that could be told/);
  expect(() => edge.service("edge").connectTo(web.service("web"))).toThrow(UserError);
  // Neither side is half changed.
  expect(JSON.stringify([web.job, edge.job])).toBe(before);
  const task = new Task({
    name: "main",
    driver: Driver.docker({ image: "a:1" }),
    services: [{ name: "inner", port: "80" }],
  });
  const inner = program().add("other", { name: "other" });
  inner.amend((job) => job.withEachGroup((group) => group.with({ tasks: [task] })));
  expect(() => inner.service("inner")).toThrow(/is a service of a task/);
});

test("what is given to connect services is looked at, and nothing of it is dropped", () => {
  const { add } = program();
  const web = add("web", { name: "web" });
  const api = add("api", { name: "api" });
  const before = JSON.stringify([web.job, api.job]);
  const connect = (other: unknown, options?: object) => () => web.service("web").connectTo(other as never, options);
  expect(connect("api")).toThrow(
    'dev/web.service "web": connectTo() expected a service of a job, found "api"; write nomadJob.service("name")',
  );
  expect(connect(api.service("api"), { localport: 80 })).toThrow(
    'dev/web.connectTo().localport: there is no such property; write "localPort"',
  );
  expect(JSON.stringify([web.job, api.job])).toBe(before);
  connect(api.service("api"), { localPort: 9300 })();
  expect(connect(api.service("api"))).not.toThrow();
  expect(connect(api.service("api"), { localPort: 9300 })).not.toThrow();
  expect(connect(api.service("api"), { localPort: 9400 })).toThrow(/finds "api" at port 9300 already, not 9400/);
});

describe("intentions", () => {
  const judged = (props: object, change?: (intentions: Intentions) => unknown) => {
    const { app, stack } = program();
    const intentions = new Intentions(stack, "to-db", { to: "db", ...props });
    change?.(intentions);
    return { lines: problemsOf(app).map(formatProblem), intentions, stack };
  };

  // Consul 1.20.1: `Sources[1] defines "a" more than once`, `Sources[0].Name is required`, `At least one source is required`.
  test.each<[string, object, readonly string[]]>([
    [
      "who is allowed and denied",
      { allow: ["a"], deny: ["a"] },
      ['dev/to-db.deny[0]: "a" stands in allow[0] too; remove one of the two'],
    ],
    [
      "who is there twice",
      { allow: ["a", "a"] },
      ['dev/to-db.allow[1]: "a" stands in allow[0] too; remove one of the two'],
    ],
    ["who has no name", { allow: [""] }, ['dev/to-db.allow[0]: is empty; write the name of a service, or "*"']],
    ["nobody", {}, ['dev/to-db: nobody is named; write allow: ["web"], or deny: ["*"]']],
  ])("that Consul refuses are an error before they are brought: %s", (_what, props, lines) => {
    expect(judged(props).lines).toEqual(lines);
  });

  test("are added to in both ways", () => {
    const { lines, stack } = judged({}, (intentions) => intentions.allow("web").allow("web").deny("*").deny("*"));
    expect(lines).toEqual([]);
    SynthesizedStack.fromStack(stack).hasConfigEntry("service-intentions", "db", {
      Sources: [
        { Name: "web", Action: "allow", Precedence: 9 },
        { Name: "*", Action: "deny", Precedence: 8 },
      ],
    });
    expect(() => judged({}, (intentions) => intentions.deny(5 as never))).toThrow(
      "dev/to-db.deny().service: expected a text, found 5; write one in quotes",
    );
  });
});
