import { Check, Connect, Driver, Duration, Job, Network, Service, type TaskGroupProps } from "../../../lib";
import { effective, type EffectiveGroup } from "../../../lib/jobspec/host";

const task = { name: "t", driver: Driver.rawExec({ command: "/bin/true" }) };

function groupOf(group: Partial<TaskGroupProps>, job: object = {}): Partial<EffectiveGroup> {
  const made = new Job({ id: "web", ...job, groups: [{ name: "g", tasks: [task], ...group }] });
  return effective(made).TaskGroups[0] ?? {};
}

test("a group has what its job says of updates, over the defaults, and its own over that", () => {
  const update = { canary: 1, autoRevert: true };
  expect(groupOf({ update: { autoRevert: false } }, { update }).Update).toEqual({
    ...{ MaxParallel: 1, HealthCheck: "checks", MinHealthyTime: 10e9, HealthyDeadline: 300e9 },
    ...{ ProgressDeadline: 600e9, Stagger: 30e9, AutoPromote: false, AutoRevert: false, Canary: 1 },
  });
  expect(groupOf({}, { type: "batch" }).Update).toBeUndefined();
});

test("the default identity of a task is for the server, whatever was written", () => {
  const own = { identity: { audience: [] }, identities: [{ name: "other", audience: ["vault.io"] }] };
  expect(groupOf({ tasks: [{ ...task, ...own }] }).Tasks).toMatchObject([
    { Identity: { Audience: ["nomadproject.io"] }, Identities: [{ Audience: ["vault.io"] }] },
  ]);
});

test("signals that tell a task of something new are written in capitals", () => {
  const signal = { changeMode: "signal", changeSignal: "sighup" } as const;
  const own = { identity: signal, vault: signal, templates: [{ data: "a", destination: "b", ...signal }] };
  const held = { ChangeSignal: "SIGHUP" };
  expect(groupOf({ tasks: [{ ...task, ...own }] }).Tasks).toMatchObject([
    { Identity: held, Vault: held, Templates: [held] },
  ]);
});

test("a task has what its group says of restarts", () => {
  const { Tasks: tasks } = groupOf({ restart: { attempts: 7, delay: Duration.seconds(1) } });
  expect(tasks).toEqual([
    expect.objectContaining({
      RestartPolicy: { Attempts: 7, Delay: 1e9, Interval: 1800e9, Mode: "fail", RenderTemplates: false },
    }),
  ]);
});

test("a scaling policy tells how many run where nothing else does", () => {
  expect(groupOf({ scaling: { min: 3, max: 5 } })).toMatchObject({ Count: 3, Scaling: { Min: 3, Max: 5 } });
  expect(groupOf({ count: 2, scaling: { max: 5 } })).toMatchObject({ Count: 2, Scaling: { Min: 2, Max: 5 } });
});

test("the proxy of a service of the mesh is a task with a port of the group", () => {
  const service = new Service({ name: "web", port: "80", connect: Connect.sidecar(), checks: [Check.tcp()] });
  const group = groupOf({ networks: [Network.bridge()], services: [service] });
  expect(group.Tasks).toMatchObject([
    { Name: "t", Resources: { CPU: 100, MemoryMB: 300 } },
    { Name: "connect-proxy-web", Kind: "connect-proxy:web", Resources: { CPU: 250, MemoryMB: 128 } },
  ]);
  expect(group.Networks).toMatchObject([{ DynamicPorts: [{ Label: "connect-proxy-web", To: -1 }] }]);
  expect(group.Services).toMatchObject([{ Name: "web", Checks: [{ Name: 'service: "web" check' }] }]);
});
