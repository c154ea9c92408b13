import { Lifecycle, LogConfig, Resources, Task, type Service, type SidecarTask, type TaskGroup } from "../blocks";
import type { JobBlock } from "../blocks/host";
import { Driver } from "../drivers";
import { Cpu, Duration, Memory } from "../units";
import { serviceNameOf, servicesOf, type GroupNode, type InjectedTask } from "./walk";

/** The prefix of a task that Nomad adds for a service of the mesh, which is also the beginning of its kind. */
export function meshPrefix(service: Service): string | undefined {
  const { connect } = service;
  if (connect?.sidecarService) return "connect-proxy";
  if (connect?.gateway?.ingress) return "connect-ingress";
  if (connect?.gateway?.terminating) return "connect-terminating";
  return connect?.gateway?.mesh ? "connect-mesh" : undefined;
}

/** The ports that a server adds for a service of the mesh. */
export interface MeshPorts {
  /** Their labels, which other services of the group can name too. */
  readonly labels: readonly string[];
  /** The port that the service itself gets, where it has none of its own. */
  readonly ofService?: string;
}

const NO_PORTS: MeshPorts = { labels: [] };

/**
 * The ports that a server adds to a group's network for a service of the mesh: one for a sidecar, one for a terminating gateway whose
 * service has no port, and one to the local network for a mesh gateway. An ingress gateway gets none.
 *
 * @param name the service's name, with what the server fills in
 */
export function meshPorts(service: Service, name: string, group: TaskGroup): MeshPorts {
  const prefix = meshPrefix(service);
  if (prefix === undefined || !group.networks?.length) return NO_PORTS;
  if (prefix === "connect-proxy") return { labels: [service.connect?.sidecarService?.port || `${prefix}-${name}`] };
  if (service.connect?.native) return NO_PORTS;
  if (prefix === "connect-mesh") return { labels: [`${prefix}-${name}-lan`] };
  if (prefix === "connect-ingress" || service.port) return NO_PORTS;
  const label = `${prefix}-${name}`;
  return { labels: [label], ofService: label };
}

/**
 * The tasks that a server adds to a group for the proxies and gateways of its services, where nobody wrote them: they are
 * judged like the others, so what `sidecarTask` changes in them must fit.
 */
export function injectedTasks(group: Omit<GroupNode, "injected">, job: JobBlock): readonly InjectedTask[] {
  if (!group.value.services || !group.value.networks?.length) return [];
  const added: InjectedTask[] = [];
  for (const service of servicesOf(group)) {
    const prefix = meshPrefix(service.value);
    if (prefix === undefined) continue;
    const name = serviceNameOf(service.value, job, group.value, undefined);
    if (group.tasks.some((task) => task.value.kind === `${prefix}:${name}`)) continue;
    const at = service.at.property("connect").property("sidecarTask");
    added.push({ value: injected(prefix, name, service.value.connect?.sidecarTask), at, service: service.value });
  }
  return added;
}

/**
 * The task of a service that speaks to the mesh by itself and names none: the only one that the group has, those counted that a server has
 * added for services before it. Nothing where the server cannot tell.
 */
export function nativeTaskOf(service: Service, group: GroupNode): string | undefined {
  const [only, ...others] = group.tasks;
  if (!only || others.length > 0 || !group.value.networks?.length) return undefined;
  const services = group.value.services ?? [];
  const isAdded = group.injected.some((task) => services.indexOf(task.service) < services.indexOf(service));
  return isAdded ? undefined : only.value.name;
}

function injected(prefix: string, service: string, changes: SidecarTask | undefined): Task {
  const { logs } = changes ?? {};
  return new Task({
    name: changes?.name || `${prefix}-${service}`,
    driver: driverOf(prefix, changes),
    user: changes?.user,
    env: changes?.env,
    meta: changes?.meta,
    killSignal: changes?.killSignal,
    kind: `${prefix}:${service}`,
    lifecycle: prefix === "connect-proxy" ? Lifecycle.sidecar() : undefined,
    killTimeout: changes?.killTimeout ?? Duration.seconds(5),
    // A block that is there at all takes Nomad's five seconds away.
    shutdownDelay: changes ? (changes.shutdownDelay ?? Duration.zero) : Duration.seconds(5),
    volumeMounts: changes?.volumeMounts,
    identities: changes?.identities,
    // A block that is there at all brings Nomad's usual figures for tasks along.
    logs: changes
      ? new LogConfig({ maxFiles: logs?.maxFiles ?? 10, maxFileSize: logs?.maxFileSize ?? Memory.mebibytes(10) })
      : new LogConfig({ maxFiles: 2, maxFileSize: Memory.mebibytes(2) }),
    resources: merged(changes?.resources),
  });
}

/** What runs the proxy: Envoy in a container, unless somebody writes another driver, which has nothing of it. */
function driverOf(prefix: string, changes: SidecarTask | undefined): Driver {
  const { driver = "", config } = changes ?? {};
  if (driver !== "" && driver !== "docker") return Driver.custom(driver, config);
  const image = prefix === "connect-proxy" ? "${meta.connect.sidecar_image}" : "${meta.connect.gateway_image}";
  return Driver.custom("docker", { image, args: ENVOY, ...config });
}

const ENVOY = [
  "-c",
  "${NOMAD_SECRETS_DIR}/envoy_bootstrap.json",
  "-l",
  "${meta.connect.log_level}",
  "--concurrency",
  "${meta.connect.proxy_concurrency}",
  "--disable-hot-restart",
];

/** What the proxy needs: Nomad's figures where nothing, or 0, is written. */
function merged(resources: Resources | undefined): Resources {
  const usual = { cpu: Cpu.mhz(250), memory: Memory.mebibytes(128) };
  if (!resources) return new Resources(usual);
  const { cpu, memory } = resources;
  return resources.with({
    cpu: cpu?.mhz || cpu?.cores ? cpu : usual.cpu,
    memory: memory?.mebibytes ? memory : usual.memory,
  });
}
