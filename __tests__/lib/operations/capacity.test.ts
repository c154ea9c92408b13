import {
  BrowserVmJob,
  Connect,
  Constraint,
  Cpu,
  Driver,
  Gateway,
  IngressGateway,
  Job,
  Lifecycle,
  Memory,
  Network,
  Port,
  Resources,
  RuntimeJob,
  Service,
  SidecarTask,
  Task,
  TaskGroup,
  WarmPoolJob,
} from "../../../lib";
import type { JobJson } from "../../../lib/nomad";
import { portRanges, unusedPorts, withUsed } from "../../../lib/operations/capacity/ports";
import { capacityOf, describedNode, NOTHING, parseNode, parseSpace } from "../../../lib/operations";

const json = (job: Job) => job.toApi().Job as JobJson;
const node = (size: string, reserve?: string) =>
  describedNode("node", parseSpace(size, "--node"), reserve ? parseSpace(reserve, "--reserve", 0) : NOTHING);
const task = (name: string, cpu: number, memory: number, lifecycle?: Lifecycle) =>
  new Task({
    name,
    driver: Driver.rawExec({ command: "/bin/true" }),
    resources: new Resources({ cpu: Cpu.mhz(cpu), memory: Memory.mebibytes(memory) }),
    lifecycle,
  });
const job = (group: Partial<ConstructorParameters<typeof TaskGroup>[0]>, more: Partial<{ priority: number }> = {}) =>
  new Job({ id: "web", ...more, groups: [new TaskGroup({ name: "web", tasks: [task("web", 500, 256)], ...group })] });
const fits = (each: Job, ...nodes: ReturnType<typeof node>[]) => capacityOf([json(each)], nodes).groups[0]?.alone;

describe("a node of 4 cpu and 8 GiB, with 1 cpu and 1 GiB kept for its system", () => {
  const small = node("4cpu,8GiB", "1cpu,1GiB");
  const execution = { kind: "docker" } as const;

  test("takes 6 runtime containers, as many as its cpu allows", () => {
    const runtime = fits(RuntimeJob.dispatched({ provider: "openai", execution }), small);
    expect(runtime).toMatchObject({ count: 6, limits: [{ limit: "cpu", nodes: 1 }], alone: { cpu: 6, memory: 14 } });
  });

  test("would take 30 warm containers by its cpu, and takes 28: memory binds earlier", () => {
    const warm = fits(new WarmPoolJob({ provider: "openai", execution }), small);
    expect(warm).toMatchObject({ count: 28, limits: [{ limit: "memory", nodes: 1 }], alone: { cpu: 30, memory: 28 } });
  });

  test("takes 3 browser VMs, each with ports of its own; the same one only once", () => {
    const browser = (number: number) =>
      new BrowserVmJob({
        sessionId: `s${number}`,
        userId: "u",
        provider: "google",
        vmIp: `192.168.100.${number}`,
        machine: { kind: "process" },
      });
    const { groups } = capacityOf(
      [1, 2, 3, 4].map((number) => json(browser(number))),
      [small],
    );
    expect(groups.map(({ placed }) => placed)).toEqual([1, 1, 1, 0]);
    expect(groups[0]?.alone).toMatchObject({
      count: 1,
      limits: [{ limit: "port", nodes: 1 }],
      alone: { cpu: 3, memory: 3 },
    });
  });
});

test("what runs before the others takes no room beside them, unless it goes on", () => {
  const tasks = (lifecycle: Lifecycle) => [task("web", 500, 256), task("before", 400, 512, lifecycle)];
  const [once, on] = [{ hook: "prestart" }, { hook: "prestart", sidecar: true }] as const;
  expect(fits(job({ tasks: tasks(new Lifecycle(once)) }), node("2cpu,2GiB"))).toMatchObject({
    count: 4,
    alone: { cpu: 4, memory: 4 },
  });
  expect(fits(job({ tasks: tasks(new Lifecycle(on)) }), node("2cpu,2GiB"))).toMatchObject({
    count: 2,
    alone: { cpu: 2, memory: 2 },
  });
});

test("distinct hosts, static ports and disk hold back what cpu and memory would allow", () => {
  const two = [node("4cpu,8GiB"), node("4cpu,8GiB,1GiB disk")];
  const alone = job({ constraints: [Constraint.distinctHosts()] });
  expect(fits(alone, ...two)).toMatchObject({ count: 2, limits: [{ limit: "distinct hosts", nodes: 2 }] });
  const port = job({ networks: [new Network({ ports: [Port.static("http", 8080)] })] });
  expect(fits(port, ...two)).toMatchObject({ count: 2, limits: [{ limit: "port", nodes: 2 }] });
  expect(fits(job({}), ...two)).toMatchObject({
    count: 11,
    limits: [
      { limit: "cpu", nodes: 1 },
      { limit: "disk", nodes: 1 },
    ],
  });
});

test("tasks that a server adds for the mesh take room, and need a node with their driver", () => {
  const connect = (sidecar?: SidecarTask) => [
    new Service({ name: "web", port: "80", connect: Connect.sidecar(undefined, sidecar) }),
  ];
  const networks = [Network.bridge()];
  const large = new SidecarTask({ resources: { cpu: Cpu.mhz(500) } });
  expect(fits(job({ networks, services: connect() }), node("3cpu,8GiB"))).toMatchObject({ count: 4 });
  expect(fits(job({ networks, services: connect(large) }), node("3cpu,8GiB"))).toMatchObject({ count: 3 });
  const ingress = Gateway.ingress(new IngressGateway({ listeners: [{ port: 80, services: [{ name: "web" }] }] }));
  const gateway = [new Service({ name: "in", connect: Connect.gateway(ingress) })];
  const { groups } = capacityOf([json(job({ networks, services: gateway, tasks: [] }))], [node("1cpu,8GiB")]);
  expect(groups[0]).toMatchObject({ demand: { drivers: ["docker"] }, alone: { count: 4 } });
});

describe("ports that a node chooses", () => {
  const large = node("100cpu,100GiB");
  const many = (count: number) => Array.from({ length: count }, (_, index) => Port.dynamic(`p${index}`));

  test("are as many as its dynamic range has, in networks of the host and of groups", () => {
    for (const networks of [[new Network({ ports: many(5000) })], [new Network({ mode: "bridge", ports: many(5000) })]])
      expect(fits(job({ networks }), large)).toMatchObject({ count: 2, limits: [{ limit: "port", nodes: 1 }] });
  });

  test("are fewer by those that have a number of that range, and by those that a server adds", () => {
    const statics = Array.from({ length: 2001 }, (_, index) => Port.static(`s${index}`, 20_000 + index));
    const held = json(job({ networks: [new Network({ ports: statics })] }));
    const wanted = { ...json(job({ networks: [new Network({ ports: many(5000) })] })), ID: "dynamic" };
    expect(capacityOf([held, wanted], [large]).groups[1]).toMatchObject({ alone: { count: 2 }, more: 1 });
    const services = [new Service({ name: "web", port: "80", connect: Connect.sidecar() })];
    const mesh = job({ networks: [new Network({ mode: "bridge", ports: many(6000) })], services });
    expect(fits(mesh, large)).toMatchObject({ count: 1, limits: [{ limit: "port", nodes: 1 }] });
  });

  test("are not those that a node keeps for others, however often it says so", () => {
    const range = { from: 20_000, to: 20_009 };
    const left = unusedPorts(range, portRanges("22, 20005-20007,20006-20100,20000"));
    expect(left.dynamicLeft).toBe(4);
    expect(withUsed(left, 20_006)).toBe(left);
    expect(withUsed(withUsed(left, 20_001), 20_001).dynamicLeft).toBe(3);
    expect(withUsed(left, 80).dynamicLeft).toBe(4);
  });
});

test("a scaling policy's least is what a group without a count asks for", () => {
  const { groups } = capacityOf([json(job({ scaling: { min: 3, max: 9 } }))], [node("4cpu,8GiB")]);
  expect(groups[0]).toMatchObject({ wanted: 3, placed: 3 });
});

test("jobs are placed by priority, what is fuller first, and what is left is told", () => {
  const web = json(job({ count: 3 }, { priority: 40 }));
  const first = { ...json(job({ count: 2 }, { priority: 70 })), ID: "first" };
  const { groups, after } = capacityOf([web, first], [node("1cpu,4GiB"), node("1cpu,4GiB")]);
  expect(groups.map(({ demand, placed, more }) => [demand.job, placed, more])).toEqual([
    ["web", 2, 0],
    ["first", 2, 0],
  ]);
  expect(after.map(({ free }) => free.cpu)).toEqual([0, 0]);
});

test.each(["4cpu", "8GiB", "100GiB disk"])("a node of %s alone is no node: what it lacks is said", (text) => {
  expect(() => describedNode("node", parseNode(text, "--node"), NOTHING)).toThrow(
    /says nothing of (its cpu|its memory|its cpu and its memory); write 4cpu,8GiB/,
  );
  // What is kept for the system may be of one of them.
  expect(() => parseSpace(text, "--reserve", 0)).not.toThrow();
});

test.each(["4", "cpu4,8GiB", "4cpu,4cpu", "4cpu disk", "8GB"])(
  "%s is no size, and how to write one is said",
  (text) => {
    expect(() => parseSpace(text, "--node")).toThrow(/is no size; write 4cpu,8GiB/);
  },
);

test("more cannot be kept of a node than it has", () => {
  const node = (reserve: string) => () =>
    describedNode("node 1", parseNode("4cpu,8GiB", "--node"), parseSpace(reserve, "--reserve", 0));
  expect(node("5cpu,1GiB")).toThrow(/--reserve: node 1 has less cpu than is kept of it/);
  expect(node("5cpu,9GiB")).toThrow(/has less cpu and memory than/);
  expect(node("4cpu,8GiB")).not.toThrow();
});
