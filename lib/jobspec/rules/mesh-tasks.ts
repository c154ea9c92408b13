import {
  Lifecycle,
  LogConfig,
  Resources,
  Task,
  type Check,
  type Service,
  type SidecarTask,
  type TaskGroup,
} from "../blocks";
import type { JobBlock } from "../blocks/host";
import { Driver } from "../drivers";
import { Cpu, Duration, Memory } from "../units";
import { USUAL_MEMORY, USUAL_SHARE } from "./effective";
import { serviceNameOf, servicesOf, type GroupNode, type InjectedTask, type Node } from "./walk";

/** The prefix of a task that Nomad adds for a service of the mesh, which is also the beginning of its kind. */
function meshPrefix(service: Service): string | undefined {
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

/** Whether a server makes a path past the mesh of a check that is exposed. */
export function isExposable({ type, path }: Check): boolean {
  return ["http", "grpc"].includes(String(type ?? "").toLowerCase()) && (path ?? "").startsWith("/");
}

/** The number of the port at which a service listens behind its proxy, as far as it is known before the job is placed; 0 where it is not. */
export function exposedPort({ port: label = "" }: Service, group: TaskGroup): number {
  const known = (group.networks ?? []).flatMap(({ ports }) => ports ?? []).find((port) => port.label === label);
  return known?.static || (/^[+-]?\d+$/.test(label) ? Number(label) : 0);
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
    const changes = service.value.connect?.sidecarTask;
    const usual = containersBeside([...group.tasks, ...added]);
    const isOfHost = group.value.networks[0]?.mode === "host";
    added.push({ value: injected({ prefix, service: name, usual, isOfHost }, changes), at, service: service.value });
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

/** What a server knows of a task that it adds, before somebody's changes. */
interface Added {
  readonly prefix: string;
  readonly service: string;
  /** What runs it. */
  readonly usual: "docker" | "podman";
  /** Whether its group has the network of its node. */
  readonly isOfHost: boolean;
}

function injected(added: Added, changes: SidecarTask | undefined): Task {
  const { prefix, service } = added;
  const { logs } = changes ?? {};
  return new Task({
    name: changes?.name || `${prefix}-${service}`,
    driver: driverOf(added, changes),
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
    resources: changes ? merged(changes.resources) : new Resources(OF_PROXY),
  });
}

/** What runs the proxy: Envoy in a container, unless somebody writes another driver, which has nothing of it. */
function driverOf({ prefix, usual, isOfHost }: Added, changes: SidecarTask | undefined): Driver {
  const { driver = "", config } = changes ?? {};
  if (driver !== "" && driver !== usual) return Driver.custom(driver, config);
  const isSidecar = prefix === "connect-proxy";
  const image = isSidecar ? "${meta.connect.sidecar_image}" : "${meta.connect.gateway_image}";
  return Driver.custom(usual, {
    image,
    args: ENVOY,
    ...(isOfHost && !isSidecar ? { network_mode: "host" } : {}),
    ...config,
  });
}

/** What runs containers beside these tasks: podman where it runs some of them and docker none. */
function containersBeside(tasks: readonly Node<Task>[]): "docker" | "podman" {
  const drivers = tasks.map(({ value }) => value.driver?.name);
  return drivers.includes("podman") && !drivers.includes("docker") ? "podman" : "docker";
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

/** What a proxy needs where nobody writes anything. */
const OF_PROXY = { cpu: Cpu.mhz(250), memory: Memory.mebibytes(128) };

/** What a proxy needs whose block is there: a server fills in its figures for tasks, and takes those for proxies where 0 is written. */
function merged(written: Resources = new Resources({})): Resources {
  const { cpu = Cpu.mhz(USUAL_SHARE), memory = Memory.mebibytes(USUAL_MEMORY) } = written;
  return written.with({
    cpu: (cpu.mhz ?? 0) === 0 && (cpu.cores ?? 0) === 0 ? OF_PROXY.cpu : cpu,
    memory: memory.mebibytes === 0 ? OF_PROXY.memory : memory,
  });
}
