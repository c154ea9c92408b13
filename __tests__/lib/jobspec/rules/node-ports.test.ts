import { Check, Driver, Duration, Job, Network, Port, Service, Task, TaskGroup } from "../../../../lib";

/** A job with a service of its group, or of its task. */
function jobOf(owner: "group" | "task", port: string, checkPort?: string): Job {
  const check = Check.tcp({ port: checkPort, interval: Duration.seconds(10), timeout: Duration.seconds(2) });
  const services = [new Service({ name: "web", port, checks: [check] })];
  const task = new Task({ name: "web", driver: Driver.rawExec({ command: "/bin/true" }) });
  const networks = [Network.host(Port.dynamic("http"))];
  const group = new TaskGroup({ name: "web", networks, tasks: [task] });
  return new Job({
    id: "web",
    groups: [owner === "group" ? group.with({ services }) : group.with({ tasks: [task.with({ services })] })],
  });
}

const verdict = (job: Job) => job.validate().map(({ rule, severity }) => `${rule} ${severity}`);

describe("a port that the node fills in, or any of its numbers", () => {
  // A Nomad 1.11 registers each of these and asks at the port; service and check both read what is filled in.
  test.each([
    ["${NOMAD_PORT_http}", "${NOMAD_PORT_http}"],
    ["http", "${NOMAD_HOST_PORT_http}"],
    ["http", "6379"],
    ["6379", undefined],
    ["${meta.port}", undefined],
  ])("is one of a service of a group: %s, checked at %s", (port, checkPort) => {
    expect(verdict(jobOf("group", port, checkPort))).toEqual([]);
  });

  test.each([
    ["nothing", "http", ["service/port-unknown warning"]],
    ["http", "nothing", ["check/port-unknown warning"]],
    ["http", "0", ["check/port-number warning"]],
    ["http", "-1", ["check/port-number warning"]],
  ])("and another is still warned of: %s, checked at %s", (port, checkPort, expected) => {
    expect(verdict(jobOf("group", port, checkPort))).toEqual(expected);
  });

  // A server looks for the labels of a task's services as they are written.
  test.each([
    ["${NOMAD_PORT_http}", "http", ["service/port-unknown error"]],
    ["http", "${NOMAD_PORT_http}", ["check/port-unknown error"]],
    ["http", "6379", ["check/port-number error"]],
  ])("is refused of a service of a task: %s, checked at %s", (port, checkPort, expected) => {
    expect(verdict(jobOf("task", port, checkPort))).toEqual(expected);
  });
});
