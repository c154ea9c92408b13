import type { Service, Task } from "../blocks";
import type { JobBlock } from "../blocks/host";
import { isPlainObject, type ApiObject } from "../engine";
import { exposedPort, isExposable, meshPorts, nativeTaskOf, serviceNameOf, servicesOf, type GroupNode } from "../rules";
import { withBinding } from "./gateways";
import { withShare } from "./share";

/** A group with its services as a server registers them, and with the ports that it adds for those of the mesh. */
export function withServices(json: ApiObject, group: GroupNode, job: JobBlock): ApiObject {
  const services = servicesOf(group).map(({ value }) => effectiveService(value, group, job));
  const ports = servicesOf(group).flatMap(({ value }) => portsFor(value, group, job));
  const tasks = (json.Tasks as readonly ApiObject[]).map((task) => {
    const written = group.tasks.find(({ value }) => value.name === task.Name)?.value;
    if (!written?.services?.length) return task;
    return { ...task, Services: written.services.map((service) => effectiveService(service, group, job, written)) };
  });
  const networks = Array.isArray(json.Networks) ? (json.Networks as readonly ApiObject[]) : [];
  return {
    ...json,
    Tasks: tasks,
    ...(services.length > 0 ? { Services: services } : {}),
    ...(ports.length > 0
      ? { Networks: networks.map((each, index) => (index === 0 ? withPorts(each, ports) : each)) }
      : {}),
  };
}

/** The kinds of the tasks that speak to the mesh by themselves, by their names. */
export function nativeKinds(group: GroupNode, job: JobBlock): ReadonlyMap<string, string> {
  return new Map(
    servicesOf(group).flatMap(({ value: service }) => {
      const task = service.connect?.native ? taskOf(service, group) : undefined;
      return task === undefined
        ? []
        : [[task, `connect-native:${serviceNameOf(service, job, group.value, undefined)}`] as const];
    }),
  );
}

function taskOf(service: Service, group: GroupNode): string | undefined {
  return service.task || (service.connect?.native ? nativeTaskOf(service, group) : undefined);
}

function portsFor(service: Service, { value: group }: GroupNode, job: JobBlock): readonly ApiObject[] {
  const { labels } = meshPorts(service, serviceNameOf(service, job, group, undefined), group);
  return labels.map((label) => ({ Label: label, To: -1 }));
}

function withPorts(network: ApiObject, added: readonly ApiObject[]): ApiObject {
  const held = Array.isArray(network.DynamicPorts) ? (network.DynamicPorts as readonly ApiObject[]) : [];
  const reserved = Array.isArray(network.ReservedPorts) ? (network.ReservedPorts as readonly ApiObject[]) : [];
  const taken = new Set([...held, ...reserved].map(({ Label }) => Label));
  return { ...network, DynamicPorts: [...held, ...added.filter(({ Label }) => !taken.has(Label))] };
}

function effectiveService(service: Service, group: GroupNode, job: JobBlock, task?: Task): ApiObject {
  const { CheckRestart: restart, ...json } = service.toApi();
  const name = serviceNameOf(service, job, group.value, task);
  const owner = task?.name ?? taskOf(service, group);
  const { ofService } = task ? NO_PORT : meshPorts(service, name, group.value);
  return {
    ...json,
    Name: name,
    ...(ofService === undefined ? {} : { PortLabel: ofService }),
    ...(owner === undefined ? {} : { TaskName: owner }),
    ...(service.checks
      ? {
          Checks: service.checks.map((check) => effectiveCheck(check.toApi(), { json, name, restart, owner })),
        }
      : {}),
    ...(isPlainObject(json.Identity) ? { Identity: withName(json.Identity, { name, port: service.port, task }) } : {}),
    ...(isPlainObject(json.Connect) ? { Connect: effectiveConnect(json.Connect, service, group) } : {}),
  };
}

const NO_PORT: { readonly ofService?: string } = {};

/** The identity of a service, which a server names after it. */
function withName(
  identity: ApiObject,
  { name, port, task }: { readonly name: string; readonly port: string | undefined; readonly task: Task | undefined },
): ApiObject {
  const unique = [...(task ? [task.name] : []), name, ...(port ? [port] : [])].join("-");
  return { ...identity, Name: identity.Name || `consul-service_${unique}`, ServiceName: name };
}

/** The service that a check is of. */
interface Checked {
  readonly json: ApiObject;
  readonly name: string;
  readonly restart: unknown;
  /** The task that it is written for. */
  readonly owner: string | undefined;
}

/** A check, which has its name, its task and what becomes of its failures from its service. */
function effectiveCheck(check: ApiObject, { json, name, restart, owner }: Checked): ApiObject {
  const restarts = [restart, check.CheckRestart].filter(isPlainObject);
  return {
    ...check,
    Name: check.Name || `service: "${name}" check`,
    ...(check.OnUpdate || !json.OnUpdate ? {} : { OnUpdate: json.OnUpdate }),
    ...(owner === undefined ? {} : { TaskName: check.TaskName || owner }),
    ...(restarts.length > 0 ? { CheckRestart: Object.assign({}, ...restarts) as ApiObject } : {}),
  };
}

/** How a service is in the mesh: with the proxy of its gateway, the paths of its exposed checks, and what its proxy needs. */
function effectiveConnect(connect: ApiObject, service: Service, group: GroupNode): ApiObject {
  const { SidecarTask: changes, SidecarService: sidecar, Gateway: gateway } = connect;
  return {
    ...connect,
    ...(isPlainObject(gateway) ? { Gateway: withBinding(gateway, group.value.networks?.[0]?.mode ?? "") } : {}),
    ...(isPlainObject(sidecar) ? { SidecarService: withExposed(sidecar, service, group) } : {}),
    ...(isPlainObject(changes) ? { SidecarTask: { ...changes, Resources: withShare(changes.Resources) } } : {}),
  };
}

/**
 * A sidecar with the paths that a server makes of exposed checks, but for those whose port it names itself.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/expose
 */
function withExposed(sidecar: ApiObject, service: Service, { value: group }: GroupNode): ApiObject {
  const checks = (service.checks ?? []).filter((check) => check.expose && check.port && isExposable(check));
  if (checks.length === 0) return sidecar;
  const proxy = isPlainObject(sidecar.Proxy) ? sidecar.Proxy : {};
  const expose = isPlainObject(proxy.Expose) ? proxy.Expose : {};
  const paths = Array.isArray(expose.Paths) ? [...(expose.Paths as readonly ApiObject[])] : [];
  for (const { path, protocol = "", port } of checks) {
    const added = { Path: path, Protocol: protocol, LocalPathPort: exposedPort(service, group), ListenerPort: port };
    if (!paths.some((each) => isSamePath(each, added))) paths.push(added);
  }
  return { ...sidecar, Proxy: { ...proxy, Expose: { ...expose, Paths: paths } } };
}

function isSamePath(one: ApiObject, other: ApiObject): boolean {
  return Object.entries(other).every(([key, value]) => (one[key] ?? "") === value);
}
