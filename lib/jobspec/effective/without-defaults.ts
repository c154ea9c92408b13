import { definitionOf, isPlainObject, type Api, type ApiObject, type BlockDefinition, type Field } from "../engine";
import { JobBlock } from "../blocks/host";
import { USUAL_SHARE } from "../rules";
import { defaultOf, eachBlock, innerOf, isFilledIn } from "./filled";
import { withoutBinding } from "./gateways";
import { isEmptyObject, objectsOf } from "./objects";

/**
 * A job as a server holds it, without what the server filled in: defaults, the tasks and ports of mesh proxies, the constraints that
 * it adds for what a job uses, and what only a server sets.
 */
export function withoutDefaults(held: unknown): unknown {
  if (!isPlainObject(held)) return held;
  const job = structuredClone(held) as ServerJob;
  const type = typeof job.Type === "string" ? job.Type : "service";
  // A server keeps two of its figures here, and the whole of it in each group.
  delete job.Update;
  if (job.Name === job.ID) delete job.Name;
  const groups = objectsOf(job.TaskGroups);
  groups.forEach(inherited);
  const kept = prune(job, definitionOf(JobBlock), type);
  // Without a count, a scaling policy's least would count.
  for (const [index, group] of objectsOf(kept.TaskGroups).entries()) {
    const { Count: count, Scaling: scaling } = groups[index] ?? {};
    if (isPlainObject(scaling) && typeof scaling.Min === "number" && count !== undefined) group.Count = count;
  }
  return kept;
}

interface ServerJob extends ApiObject {
  Type?: unknown;
  TaskGroups?: unknown;
  Update?: unknown;
}

function prune(json: ApiObject, definition: BlockDefinition, type: string): ApiObject {
  const kept: ApiObject = {};
  for (const [key, value] of Object.entries(json)) {
    if (value === null || (definition.serverOnly && Object.hasOwn(definition.serverOnly, key))) continue;
    const of = definition.list.find(({ field }) => field.api.includes(key));
    // What it would have from elsewhere is out already.
    const isInherited = of?.field.options.inherited === true;
    const inner = of && !isInherited ? innerOf(of.field) : undefined;
    const rest = of && inner ? eachBlock(value, of.field, (block) => prune(block, inner, type)) : value;
    if (!of || isInherited || !isDefault(rest, of.field, type)) kept[key] = rest;
  }
  return kept;
}

function isDefault(value: Api, of: Field, type: string): boolean {
  const { options, kind } = of;
  if (isEmptyObject(value)) return isFilledIn(of, type) || kind !== "block";
  if (Array.isArray(value) && value.length === 0) return true;
  const filled = defaultOf(of, type);
  if (filled !== undefined) return JSON.stringify(value) === JSON.stringify(filled);
  return !options.nullable && (value === "" || value === 0 || value === false);
}

/** Ports that a server adds for proxies and gateways. */
const OWN_PORT = /^connect-(?:proxy|ingress|terminating|mesh)-/;

/** What a group's parts have from the group, or from the server, and not from whoever wrote the job. */
function inherited(group: ApiObject): void {
  group.Tasks = objectsOf(group.Tasks).filter(
    (task) => !/^connect-(?:proxy|ingress|terminating|mesh):/.test(String(task.Kind)),
  );
  group.Constraints = objectsOf(group.Constraints).filter((constraint) => !isImplied(constraint));
  for (const network of objectsOf(group.Networks))
    network.DynamicPorts = objectsOf(network.DynamicPorts).filter((port) => !OWN_PORT.test(String(port.Label)));
  const scaling = group.Scaling;
  if (isPlainObject(scaling) && scaling.Min === group.Count) delete scaling.Min;
  for (const service of objectsOf(group.Services)) ofService(service, undefined);
  for (const task of objectsOf(group.Tasks)) {
    const restart = isPlainObject(group.RestartPolicy) ? group.RestartPolicy : {};
    if (isPlainObject(task.RestartPolicy)) task.RestartPolicy = differing(task.RestartPolicy, restart);
    if (isEmptyObject(task.RestartPolicy)) delete task.RestartPolicy;
    task.Constraints = objectsOf(task.Constraints).filter((constraint) => !isImplied(constraint));
    ofResources(task.Resources);
    if (isPlainObject(task.Identity)) ofIdentity(task.Identity);
    task.Identities = objectsOf(task.Identities).filter((identity) => !isGiven(identity, /^(?:consul|vault)_/));
    for (const service of objectsOf(task.Services)) ofService(service, String(task.Name));
  }
}

/** MHz are left out where cores are asked for, and cores where MHz are. */
function ofResources(resources: unknown): void {
  if (!isPlainObject(resources)) return;
  if (!resources.Cores) delete resources.Cores;
  if (resources.CPU === 0 || (resources.CPU === USUAL_SHARE && resources.Cores === undefined)) delete resources.CPU;
}

/** What a block says that another one does not. */
function differing(own: ApiObject, outer: ApiObject): ApiObject {
  return Object.fromEntries(Object.entries(own).filter(([key, value]) => value !== null && value !== outer[key]));
}

function ofIdentity(identity: ApiObject): void {
  if (identity.Name === "default") delete identity.Audience;
}

/**
 * Whether a server gives this identity to what asks for none, as its own configuration says: of whom it is for, and of how long. Whoever wrote
 * the same gets it all the same.
 *
 * @see https://developer.hashicorp.com/nomad/docs/configuration/consul#service_identity
 */
function isGiven(identity: ApiObject, name: RegExp): boolean {
  const more = [identity.Env, identity.File, identity.Filepath, identity.ChangeMode, identity.ChangeSignal];
  const claims = isPlainObject(identity.ExtraClaims) && Object.keys(identity.ExtraClaims).length > 0;
  return name.test(String(identity.Name)) && !claims && !more.some(Boolean);
}

function ofService(service: ApiObject, task: string | undefined): void {
  if (isPlainObject(service.Identity) && isGiven(service.Identity, /^consul-service_/)) delete service.Identity;
  const owner = task ?? service.TaskName;
  if (task !== undefined && service.TaskName === task) delete service.TaskName;
  if (isPlainObject(service.Connect)) ofMesh(service.Connect, objectsOf(service.Checks));
  // The port of a terminating gateway is the server's, and goes with it.
  if (OWN_PORT.test(String(service.PortLabel))) delete service.PortLabel;
  for (const check of objectsOf(service.Checks)) {
    if (check.Name === `service: "${String(service.Name)}" check`) delete check.Name;
    if (!check.OnUpdate || check.OnUpdate === service.OnUpdate) delete check.OnUpdate;
    if (owner && check.TaskName === owner) delete check.TaskName;
  }
}

/** What a server says of a service's gateway or sidecar, and makes of its exposed checks. */
function ofMesh(connect: ApiObject, checks: readonly ApiObject[]): void {
  if (isPlainObject(connect.Gateway)) connect.Gateway = withoutBinding(connect.Gateway);
  const changed = isPlainObject(connect.SidecarTask) ? connect.SidecarTask.Resources : undefined;
  // Of a proxy, 0 MHz are those that a server gives to proxies.
  if (isPlainObject(changed) && changed.CPU !== 0) ofResources(changed);
  const proxy = isPlainObject(connect.SidecarService) ? connect.SidecarService.Proxy : undefined;
  if (!isPlainObject(proxy) || !isPlainObject(proxy.Expose)) return;
  const exposed = checks.filter(({ Expose: isExposed }) => isExposed === true);
  const isMade = (path: ApiObject) =>
    exposed.some((check) => check.Path === path.Path && check.PortLabel === path.ListenerPort);
  const written = objectsOf(proxy.Expose.Paths).filter((path) => !isMade(path));
  if (written.length > 0) proxy.Expose.Paths = written;
  else delete proxy.Expose;
}

/** Constraints that a server adds for what a job uses. */
const IMPLIED = new Set([
  "${attr.nomad.service_discovery}",
  "${attr.consul.version}",
  "${attr.consul.grpc}",
  "${attr.vault.version}",
  "${attr.nomad.version}",
  "${attr.plugins.cni.version.bridge}",
  "${attr.plugins.cni.version.firewall}",
  "${attr.plugins.cni.version.host-local}",
  "${attr.plugins.cni.version.loopback}",
  "${attr.plugins.cni.version.portmap}",
  "${attr.plugins.cni.version.consul-cni}",
]);

/** Whether a server adds this constraint by itself. */
export function isImplied(constraint: ApiObject): boolean {
  return (
    IMPLIED.has(String(constraint.LTarget)) ||
    (constraint.LTarget === "${attr.os.signals}" && constraint.Operand === "set_contains") ||
    (/^\$\{attr\.plugins\.secrets\.[^}]*\.version\}$/.test(String(constraint.LTarget)) &&
      constraint.Operand === "is_set")
  );
}
