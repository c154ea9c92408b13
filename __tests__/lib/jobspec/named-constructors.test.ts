import fc from "fast-check";
import * as library from "../../../lib/jobspec";
import {
  Affinity,
  Check,
  Connect,
  Constraint,
  Driver,
  Duration,
  Gateway,
  Job,
  Lifecycle,
  Network,
  Periodic,
  Port,
  Reschedule,
  Restart,
  Service,
  Task,
  TaskGroup,
  Template,
  Update,
  Upstream,
  Vault,
  VolumeRequest,
  type TaskGroupProps,
  type TaskProps,
} from "../../../lib/jobspec";
import { Block } from "../../../lib/jobspec/engine";
import { KNOWN_DRIVERS } from "../../../lib/jobspec/host";
import { samplesOf } from "../../support/every-field";

type JobType = "service" | "batch" | "system" | "sysbatch";
const ALL: readonly JobType[] = ["service", "batch", "system", "sysbatch"];
const LASTING: readonly JobType[] = ["service", "system"];
const ENDING: readonly JobType[] = ["batch", "sysbatch"];
const RESCHEDULED: readonly JobType[] = ["service", "batch"];

interface Parts {
  readonly job?: Partial<ConstructorParameters<typeof Job>[0]>;
  readonly group?: Partial<TaskGroupProps>;
  readonly task?: Partial<TaskProps>;
}

/** What a person writes with each named constructor, where it belongs, with arguments as they are drawn from what it is for. */
interface Use {
  readonly types: readonly JobType[];
  readonly parts: (number: number, text: string) => Parts;
}

const use = (parts: Use["parts"], types = ALL): Use => ({ types, parts });
const port = Port.dynamic("http");
const host = Network.host(port);
const bridge = Network.bridge(port);
const served = (check: Check): Parts => ({
  group: { networks: [host] },
  task: { services: [new Service({ name: "web", port: "http", checks: [check] })] },
});
const meshed = (connect: Connect, more: { port?: string } = { port: "8080" }): Parts => ({
  group: { networks: [bridge], services: [new Service({ name: "web", ...more, connect })] },
});
const driven = (driver: Driver): Use => use(() => ({ task: { driver } }));

const USES: Readonly<Record<string, Use>> = {
  "Affinity.prefer": use(
    (n, text) => ({ job: { affinities: [Affinity.prefer("${node.class}", text, (n % 100) + 1)] } }),
    ["service", "batch", "sysbatch"],
  ),
  "Affinity.avoid": use(
    (n, text) => ({ group: { affinities: [Affinity.avoid("${node.class}", text, (n % 100) + 1)] } }),
    ["service", "batch", "sysbatch"],
  ),
  "Check.http": use(() => served(Check.http({ path: "/health" }))),
  "Check.tcp": use(() => served(Check.tcp())),
  "Check.grpc": use(() => served(Check.grpc())),
  "Check.script": use((_n, text) => served(Check.script({ command: `/bin/${text}` }))),
  "Constraint.equals": use((_n, text) => ({ job: { constraints: [Constraint.equals("${attr.kernel.name}", text)] } })),
  "Constraint.differs": use((_n, text) => ({ group: { constraints: [Constraint.differs("${node.class}", text)] } })),
  "Constraint.matches": use((_n, text) => ({
    task: { constraints: [Constraint.matches("${attr.cpu.arch}", `^${text}`)] },
  })),
  "Constraint.version": use((n) => ({
    task: { constraints: [Constraint.version("${attr.nomad.version}", `>= 1.${n}`)] },
  })),
  "Constraint.isSet": use(() => ({ group: { constraints: [Constraint.isSet("${meta.rack}")] } })),
  "Constraint.isNotSet": use(() => ({ group: { constraints: [Constraint.isNotSet("${meta.rack}")] } })),
  "Constraint.semver": use((n) => ({
    task: { constraints: [Constraint.semver("${attr.nomad.version}", `>= 1.${n}.0`)] },
  })),
  "Constraint.moreThan": use((n) => ({ task: { constraints: [Constraint.moreThan("${attr.cpu.numcores}", n)] } })),
  "Constraint.atLeast": use((n) => ({ job: { constraints: [Constraint.atLeast("${attr.cpu.numcores}", n)] } })),
  "Constraint.lessThan": use((n) => ({ group: { constraints: [Constraint.lessThan("${attr.cpu.numcores}", n)] } })),
  "Constraint.atMost": use((_n, text) => ({ task: { constraints: [Constraint.atMost("${meta.rack}", text)] } })),
  "Constraint.containsAll": use((_n, text) => ({
    job: { constraints: [Constraint.containsAll("${meta.disks}", "ssd", text)] },
  })),
  "Constraint.containsAny": use((_n, text) => ({
    task: { constraints: [Constraint.containsAny("${meta.disks}", text)] },
  })),
  "Constraint.distinctHosts": use(() => ({ group: { constraints: [Constraint.distinctHosts()] } })),
  "Constraint.distinctProperty": use((n) => ({
    group: { constraints: [Constraint.distinctProperty("${meta.rack}", n + 1)] },
  })),
  "Lifecycle.prestart": use(() => ({ task: { lifecycle: Lifecycle.prestart() } })),
  "Lifecycle.poststart": use(() => ({ task: { lifecycle: Lifecycle.poststart() } })),
  "Lifecycle.poststop": use(() => ({ task: { lifecycle: Lifecycle.poststop() } })),
  "Lifecycle.sidecar": use(() => ({ task: { lifecycle: Lifecycle.sidecar() } })),
  "Network.host": use((n) => ({ group: { networks: [n % 2 ? Network.host() : host] } })),
  "Network.bridge": use((n) => ({ group: { networks: [n % 2 ? Network.bridge() : bridge] } })),
  "Port.static": use((n) => ({ group: { networks: [Network.host(Port.static("http", n + 1))] } })),
  "Port.dynamic": use((_n, text) => ({ group: { networks: [Network.host(Port.dynamic(text))] } })),
  "Periodic.cron": use((n) => ({ job: { periodic: Periodic.cron(`${n % 60} 3 * * *`) } }), ENDING),
  "Periodic.crons": use((n) => ({ job: { periodic: Periodic.crons([`${n % 60} 3 * * *`, "@daily"]) } }), ENDING),
  "Reschedule.never": use(() => ({ group: { reschedule: Reschedule.never() } }), RESCHEDULED),
  "Reschedule.unlimited": use(() => ({ job: { reschedule: Reschedule.unlimited() } }), RESCHEDULED),
  "Reschedule.limited": use(
    (n) => ({ group: { reschedule: Reschedule.limited((n % 5) + 1, Duration.hours(1)) } }),
    RESCHEDULED,
  ),
  "Restart.fail": use((n) => ({ group: { restart: Restart.fail({ attempts: n % 20 }) } })),
  "Restart.delay": use((n) => ({ task: { restart: Restart.delay({ attempts: (n % 20) + 1 }) } })),
  "Restart.never": use(() => ({ group: { restart: Restart.never() }, task: { restart: Restart.never() } })),
  "Template.env": use((_n, text) => ({ task: { templates: [Template.env(`secrets/${text}.env`, "A=1")] } })),
  "Template.file": use((_n, text) => ({ task: { templates: [Template.file(`local/${text}`, "x")] } })),
  "Update.rolling": use((n) => ({ job: { update: Update.rolling() }, group: { count: (n % 5) + 1 } }), ["service"]),
  "Update.canary": use(
    (n) => ({ group: { update: Update.canary({ canary: (n % 3) + 1, autoPromote: n % 2 === 0 }) } }),
    LASTING,
  ),
  "Update.blueGreen": use(
    (n) => ({ group: { count: (n % 5) + 1, update: Update.blueGreen((n % 5) + 1) } }),
    ["service"],
  ),
  "Vault.role": use((_n, text) => ({ task: { vault: Vault.role(text) } })),
  "VolumeRequest.host": use((_n, text) => ({
    group: { volumes: [VolumeRequest.host(text, "data")] },
    task: { volumeMounts: [{ volume: text, destination: "/data" }] },
  })),
  "VolumeRequest.csi": use(() => ({
    group: {
      volumes: [
        VolumeRequest.csi("data", "data", { accessMode: "multi-node-multi-writer", attachmentMode: "file-system" }),
      ],
    },
  })),
  "Connect.sidecar": use(() => meshed(Connect.sidecar())),
  "Connect.native": use(() => meshed(Connect.native())),
  "Connect.gateway": use(() => meshed(Connect.gateway(Gateway.mesh()), { port: "http" })),
  "Gateway.mesh": use(() => meshed(Connect.gateway(Gateway.mesh()), { port: "http" })),
  "Gateway.ingress": use((n) =>
    meshed(
      Connect.gateway(
        Gateway.ingress(new library.IngressGateway({ listeners: [{ port: n + 1, services: [{ name: "api" }] }] })),
      ),
    ),
  ),
  "Gateway.terminating": use((_n, text) =>
    meshed(Connect.gateway(Gateway.terminating(new library.TerminatingGateway({ services: [{ name: text }] }))), {}),
  ),
  "Upstream.to": use((n, text) =>
    meshed(Connect.sidecar(new library.SidecarService({ proxy: { upstreams: [Upstream.to(text, n + 1)] } }))),
  ),
  ...Object.fromEntries(
    KNOWN_DRIVERS.map(({ constructorName, type }) => [
      `Driver.${constructorName}`,
      driven(
        (Driver as unknown as Record<string, (props: object) => Driver>)[constructorName]?.(
          samplesOf(type, 0),
        ) as Driver,
      ),
    ]),
  ),
  "Driver.withoutConfig": driven(Driver.withoutConfig("raw_exec")),
  "Driver.custom": driven(Driver.custom("podman", { image: "web:1" })),
};

/** What Nomad itself has deprecated: the warning says what to write instead. */
const DEPRECATED = ["Vault.policies"];
/** What makes or reads a whole job. */
const OF_JOBS = ["Job.fromApi", "Job.read"];

function namedConstructors(): readonly string[] {
  return Object.entries(library).flatMap(([name, value]) => {
    const isBlock = typeof value === "function" && (value.prototype instanceof Block || value === (Driver as unknown));
    if (!isBlock) return [];
    const own = Object.getOwnPropertyNames(value).filter((key) => typeof (value as never)[key] === "function");
    return own.map((key) => `${name}.${key}`);
  });
}

function jobOf(type: JobType, { job, group, task }: Parts): Job {
  const driver = Driver.docker({ image: "web:1" });
  const main = new Task({ name: "main", driver, ...task });
  // A group of sidecars alone is none.
  const tasks = main.lifecycle ? [main, new Task({ name: "other", driver })] : [main];
  return new Job({ id: "web", type, ...job, groups: [new TaskGroup({ name: "web", tasks, ...group })] });
}

test("every named constructor is used below", () => {
  expect(
    namedConstructors()
      .filter((name) => ![...DEPRECATED, ...OF_JOBS].includes(name))
      .sort(),
  ).toEqual(Object.keys(USES).sort());
});

test.each(Object.entries(USES))(
  "%s makes nothing that is refused or warned of, for any type of job",
  (_name, { types, parts }) => {
    const text = fc.stringMatching(/^[a-z][a-z0-9]{0,20}$/);
    fc.assert(
      fc.property(fc.nat(1000), text, fc.constantFrom(...types), (number, word, type) => {
        expect(jobOf(type, parts(number, word)).validate()).toEqual([]);
      }),
      { numRuns: 25 },
    );
  },
);
