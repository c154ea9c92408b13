import {
  Driver,
  Job,
  Network,
  Port,
  Service,
  Connect,
  Task,
  TaskGroup,
  Template,
  Vault,
  pathText,
} from "../../../../lib";
import type { TaskGroupProps, TaskProps } from "../../../../lib";
import { corpus, testWithCorpus } from "../../../support/corpus";

// What a server takes and a node does not: a Nomad 1.11.3 was given each kind, and placed none of the signals, left the references in the
// environment as they are, and failed the tasks whose driver's configuration had one.

const RULES = ["network/port-reference", "task/signal"];

function warnings(task: Partial<TaskProps>, group: Partial<TaskGroupProps> = {}): readonly string[] {
  const whole = new Task({ name: "web", driver: Driver.exec({ command: "/bin/app" }), ...task });
  return new Job({ id: "web", groups: [new TaskGroup({ name: "web", tasks: [whole], ...group })] })
    .validate()
    .filter(({ rule }) => RULES.includes(rule))
    .map(({ path, severity, message }) => `${severity} ${pathText(path.slice(4))}: ${message}`);
}

const networks = [Network.bridge(Port.dynamic("http"), Port.dynamic("my-port"))];
const args = (text: string) => ({ driver: Driver.rawExec({ command: "/bin/echo", args: [text] }) });
const env = (text: string) => ({ env: { TEXT: text } });

describe("a reference to a port", () => {
  test.each<[string, Partial<TaskProps>]>([
    ["in a driver's configuration", args("${NOMAD_PORT_http} ${NOMAD_HOST_IP_http} ${NOMAD_PORT_my_port}")],
    ["with the label as it is", args("${NOMAD_HOST_IP_my-port} ${NOMAD_ALLOC_PORT_my-port}")],
    ["in the environment", env("${NOMAD_PORT_http} ${NOMAD_PORT_my-port} ${NOMAD_UPSTREAM_ADDR_database}")],
    ["that is none to Nomad", env("$NOMAD_PORT_htpp $${NOMAD_PORT_htpp}")],
    ["that the task sets by itself", { env: { NOMAD_PORT_own: "1", TEXT: "${NOMAD_PORT_own}" } }],
    ["that a template may miss", { templates: [Template.file("local/a", '{{ env "NOMAD_PORT_htpp" }}')] }],
    [
      "of a network of the task",
      {
        ...env("${NOMAD_PORT_old} ${NOMAD_ADDR_web_old}"),
        resources: { networks: [{ ports: [Port.dynamic("old")] }] },
      },
    ],
    [
      "of a map of the driver",
      { driver: Driver.qemu({ imagePath: "a", portMap: { ssh: 22 }, args: ["${NOMAD_PORT_ssh}"] }) },
    ],
  ])("%s is taken", (_where, task) => {
    expect(warnings(task, { networks })).toEqual([]);
  });

  test("of a mesh proxy is taken", () => {
    const services = [new Service({ name: "api", port: "http", connect: Connect.sidecar() })];
    expect(warnings(args("${NOMAD_PORT_connect_proxy_api}"), { networks, services })).toEqual([]);
  });

  test.each<[Partial<TaskProps>, string]>([
    [
      args("--port=${NOMAD_PORT_htpp}"),
      'warning driver.args[0]: nothing is filled in for "${NOMAD_PORT_htpp}": no network of the group has a port "htpp"; write "${NOMAD_PORT_http}"',
    ],
    [
      args("${NOMAD_PORT_my-port}"),
      'warning driver.args[0]: nothing is filled in for "${NOMAD_PORT_my-port}": it has another name here; write "${NOMAD_PORT_my_port}"',
    ],
    [
      env("${NOMAD_ADDR_my_port}"),
      'warning env.TEXT: nothing is filled in for "${NOMAD_ADDR_my_port}": it has another name here; write "${NOMAD_ADDR_my-port}"',
    ],
    [
      env("${NOMAD_IP_database}"),
      'warning env.TEXT: nothing is filled in for "${NOMAD_IP_database}": no network of the group has a port "database"; give a network of the group this port: Port.dynamic("database")',
    ],
  ])("is told with what to write (%#)", (task, wanted) => {
    expect(warnings(task, { networks })).toEqual([wanted]);
  });
});

describe("a signal", () => {
  test.each<[string, Partial<TaskProps>]>([
    ["that ends a task", { killSignal: "SIGTERM" }],
    ["that is filled in", { killSignal: "${meta.signal}" }],
    [
      "of a template, in any case",
      { templates: [Template.file("local/a", "", { changeMode: "signal", changeSignal: "sighup" })] },
    ],
    [
      "of a template that sends none",
      { templates: [Template.file("local/a", "", { changeMode: "noop", changeSignal: "none" })] },
    ],
  ])("%s is taken", (_which, task) => {
    expect(warnings(task)).toEqual([]);
  });

  test.each<[Partial<TaskProps>, string]>([
    [
      { killSignal: "SIGTEMR" },
      'killSignal: no node sends a signal "SIGTEMR", so the task is placed nowhere; write "SIGTERM"',
    ],
    [
      { killSignal: "sigterm" },
      'killSignal: no node sends a signal "sigterm", so the task is placed nowhere; write "SIGTERM"',
    ],
    [
      { killSignal: "TERM" },
      'killSignal: no node sends a signal "TERM", so the task is placed nowhere; write "SIGTERM"',
    ],
    [
      { templates: [Template.file("local/a", "", { changeMode: "signal", changeSignal: "SIGRELOAD" })] },
      'templates[local/a].changeSignal: no node sends a signal "SIGRELOAD", so the task is placed nowhere; write one such as "SIGTERM"',
    ],
    [
      { vault: Vault.role("web", { changeMode: "signal", changeSignal: "SIGHUB" }) },
      'vault.changeSignal: no node sends a signal "SIGHUB", so the task is placed nowhere; write "SIGHUP"',
    ],
  ])("that no node sends is told with what to write (%#)", (task, wanted) => {
    expect(warnings(task)).toEqual([`warning ${wanted}`]);
  });
});

testWithCorpus("no real job is warned of either", () => {
  const jobs = [...corpus(), ...corpus("corpus-2.json")].flatMap(({ job }) => Job.read(job).job ?? []);
  expect(jobs.length).toBeGreaterThan(600);
  expect(jobs.flatMap((job) => job.validate().filter(({ rule }) => RULES.includes(rule)))).toEqual([]);
});
