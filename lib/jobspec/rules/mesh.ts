import type { Check, Connect, Gateway, IngressListener, Service, TransparentProxy, Upstream } from "../blocks";
import type { JobBlock } from "../blocks/host";
import { type Place } from "../engine";
import { exposedPort, isExposable, nativeTaskOf } from "./mesh-tasks";
import {
  each,
  serviceNameOf,
  networksOf,
  providerOf,
  servicesOf,
  type GroupNode,
  type GroupRule,
  type Node,
} from "./walk";

/** Consul's service mesh: proxies, upstreams and gateways that can be made. */
export const mesh: GroupRule = (group, job) => {
  exposed(group);
  if (!group.value.services?.some((service) => service.connect)) return;
  for (const service of servicesOf(group)) {
    const { connect } = service.value;
    if (!connect) continue;
    const at = service.at.property("connect");
    if (providerOf(service.value) === "consul") one(service.value, connect, group, at);
    if (connect.sidecarService) sidecar(service, group, job);
    else if (connect.gateway && !connect.native) network(group, at.property("gateway"), true);
  }
  listeners(group);
  transparency(group);
};

function one(service: Service, connect: Connect, group: GroupNode, at: Place): void {
  const ways = [connect.native === true, connect.sidecarService, connect.gateway].filter(Boolean).length;
  if (ways !== 1) {
    at.error(
      "connect/way",
      "needs one way into the mesh; write Connect.sidecar(), Connect.native() or Connect.gateway(…)",
    );
    return;
  }
  const transparent = connect.sidecarService?.proxy?.transparentProxy;
  if (transparent)
    transparentProxy(transparent, at.property("sidecarService").property("proxy").property("transparentProxy"));
  if (connect.native) native(service, group, at);
  if (connect.gateway) gateway(connect.gateway, service, at.property("gateway"));
}

/** A service that speaks to the mesh by itself. */
function native(service: Service, group: GroupNode, at: Place): void {
  const names = group.tasks.map(({ value }) => value.name);
  if (service.task) {
    const known = [...names, ...group.injected.map(({ value }) => value.name)];
    if (!known.includes(service.task))
      at.error("connect/native", `the group has no task "${service.task}"; write one of ${names.join(", ")}`, {
        missing: service.task,
      });
  } else if (nativeTaskOf(service, group) === undefined) {
    at.error("connect/native", `Nomad must know which task it is; write task: "${names[0] ?? "…"}" on the service`);
  }
  if (!service.port) at.error("connect/native-port", "needs a port on the service; write its label");
}

/** A proxy needs a network of the group's own, and names in lower case. */
function sidecar(service: Node<Service>, group: GroupNode, job: JobBlock): void {
  network(group, service.at.property("connect").property("sidecarService"), false);
  const name = serviceNameOf(service.value, job, group.value, undefined);
  if (name !== name.toLowerCase())
    service.at
      .property("name")
      .error("connect/name", `"${name}" holds capitals, which a mesh service may not; write "${name.toLowerCase()}"`);
  // A job that was read may lack what a group needs; that is reported by its block.
  const groupName = group.value.name ?? "";
  if (groupName !== groupName.toLowerCase())
    group.at
      .property("name")
      .error(
        "connect/name",
        `"${groupName}" holds capitals, which the group of a mesh service may not; write "${groupName.toLowerCase()}"`,
      );
}

function network(group: GroupNode, at: Place, orHost: boolean): void {
  const [first, ...others] = group.value.networks ?? [];
  if (!first || others.length > 0) {
    const message = `needs one network of the group, and there are ${others.length + (first ? 1 : 0)}; write networks: [Network.bridge()]`;
    at.error("connect/network", message);
    return;
  }
  const mode = first.mode ?? "";
  if (mode.startsWith("cni/"))
    at.error(
      "connect/cni",
      `the group's network has mode "${mode}"; write ${orHost ? '"bridge" or "host"' : '"bridge"'}`,
    );
  if (mode === "bridge" || mode.startsWith("cni/") || (orHost && mode === "host")) return;
  const wanted = orHost ? '"bridge", "host" or "cni/…"' : '"bridge" or "cni/…"';
  at.error("connect/network", `the group's network has mode "${mode}"; write ${wanted}`);
}

/** Checks that are reachable past the mesh. */
function exposed(group: GroupNode): void {
  for (const service of group.value.services ? servicesOf(group) : []) {
    for (const check of service.value.checks?.some((entry) => entry.expose)
      ? each(service.value.checks, service.at, "checks")
      : []) {
      if (!check.value.expose) continue;
      const place = check.at.property("expose");
      network(group, place, false);
      if (!service.value.connect?.sidecarService)
        place.error(
          "check/expose",
          "only a service with a sidecar has checks past the mesh; write connect: Connect.sidecar()",
        );
      else exposedPath(service, check.value, group, place);
    }
  }
  for (const task of group.tasks) {
    for (const service of task.value.services ? servicesOf(task) : []) {
      for (const check of each(service.value.checks, service.at, "checks")) {
        if (check.value.expose)
          check.at
            .property("expose")
            .error("check/expose", "only services of a group are in the mesh; move the service to the group");
      }
    }
  }
}

/** The port behind an exposed check: a server must find its number before the job is placed, so it is none that Nomad chooses. */
function exposedPath({ value: service }: Node<Service>, check: Check, group: GroupNode, at: Place): void {
  if (!isExposable(check) || exposedPort(service, group.value) > 0) return;
  const label = service.port ?? "";
  const message = `the number of the service's port "${label}" is not known before the job is placed; write the number at which the service listens, such as port: "8080"`;
  at.error("check/expose", message, { missing: label });
}

/** Upstreams of one group, each at an address of its own. */
function listeners(group: GroupNode): void {
  const taken = new Map<string, string>();
  for (const service of servicesOf(group)) {
    const proxy = service.value.connect?.sidecarService?.proxy;
    if (!proxy?.upstreams) continue;
    const at = service.at.property("connect").property("sidecarService").property("proxy");
    for (const upstream of each<Upstream>(proxy.upstreams, at, "upstreams")) {
      const { localBindSocketPath: path, localBindAddress = "", localBindPort = 0 } = upstream.value;
      const listener = path || `${localBindAddress}:${localBindPort}`;
      const other = taken.get(listener);
      if (other !== undefined)
        upstream.at
          .property("localBindPort")
          .error("connect/upstream", `"${listener}" is taken by an upstream of "${other}" already; write another port`);
      taken.set(listener, service.value.name ?? "");
    }
  }
}

function transparency(group: GroupNode): void {
  const own = servicesOf(group).filter(({ value }) => value.connect);
  for (const service of own) {
    const settings = service.value.connect?.sidecarService?.proxy?.transparentProxy;
    if (!settings) continue;
    const at = service.at.property("connect").property("sidecarService").property("proxy").property("transparentProxy");
    if (own.length > 1)
      at.error("connect/transparent", "there may be one service of the mesh in the group; remove the others");
    const hasDns = networksOf(group).some(
      ({ value: { dns } }) => dns && [dns.servers, dns.searches, dns.options].some((list) => list?.length),
    );
    if (hasDns && !settings.noDns)
      at.property("noDns").error(
        "connect/transparent",
        "the group's network has dns settings of its own; write noDns: true, or remove them",
      );
    const reserved = (group.value.networks ?? []).flatMap((entry) => entry.ports ?? []).filter((port) => port.static);
    for (const port of settings.excludeInboundPorts ?? []) {
      if (!isUint16(port) && !reserved.some(({ label }) => label === port))
        at.property("excludeInboundPorts").error(
          "connect/transparent",
          `"${port}" is neither a number nor the label of a static port`,
          { missing: port },
        );
    }
  }
}

function isUint16(text: string): boolean {
  return /^\d+$/.test(text) && Number(text) <= 65535;
}

function transparentProxy(settings: TransparentProxy, at: Place): void {
  for (const network of settings.excludeOutboundCidrs ?? []) {
    if (!isPrefix(network))
      at.property("excludeOutboundCidrs").error(
        "connect/transparent",
        `"${network}" is no network; write one such as "10.0.0.0/8"`,
      );
  }
  if (settings.uid && !isUint16(settings.uid))
    at.property("uid").error("connect/transparent", `"${settings.uid}" is no user id; write a number up to 65535`);
  for (const uid of settings.excludeUids ?? []) {
    if (!isUint16(uid))
      at.property("excludeUids").error("connect/transparent", `"${uid}" is no user id; write a number up to 65535`);
  }
}

/** Whether this is an IPv4 or IPv6 network in CIDR notation. */
function isPrefix(text: string): boolean {
  const [address = "", bits = "", ...rest] = text.split("/");
  if (rest.length > 0 || !/^(?:0|[1-9]\d*)$/.test(bits)) return false;
  if (address.includes(":"))
    return Number(bits) <= 128 && /^[0-9a-fA-F:.]+$/.test(address) && URL.canParse(`http://[${address}]/`);
  return (
    Number(bits) <= 32 &&
    /^(?:(?:0|[1-9]\d{0,2})(?:\.(?!$)|$)){4}$/.test(address) &&
    address.split(".").every((byte) => Number(byte) <= 255)
  );
}

const RESOLUTIONS = ["", "STRICT_DNS", "LOGICAL_DNS"];

function gateway(value: Gateway, service: Service, at: Place): void {
  if ([value.ingress, value.terminating, value.mesh].filter(Boolean).length !== 1)
    at.error("connect/gateway", "is ingress, terminating or mesh, and only one of them; write Gateway.ingress(…), say");
  if (value.mesh && !service.port)
    at.property("mesh").error("connect/gateway", "a mesh gateway needs a port on its service; write its label");
  const resolution = value.proxy?.envoyDnsDiscoveryType ?? "";
  if (!RESOLUTIONS.includes(resolution)) {
    const message = `"${resolution}" is not known; write one of ${RESOLUTIONS.slice(1).join(", ")}`;
    at.property("proxy").property("envoyDnsDiscoveryType").error("connect/gateway", message);
  }
  for (const address of each(
    value.proxy?.envoyGatewayBindAddresses,
    at.property("proxy"),
    "envoyGatewayBindAddresses",
  )) {
    const { address: host = "", port = 0 } = address.value;
    if (host === "") address.at.property("address").error("connect/gateway", "is empty; write an address");
    if (port <= 0 && port !== -1)
      address.at.property("port").error("connect/gateway", `${port} is no port; write 1 to 65535`);
  }
  if (value.ingress) {
    const ingress = at.property("ingress");
    if (!value.ingress.listeners?.length)
      ingress.property("listeners").error("connect/ingress", "an ingress gateway needs a listener; add one");
    const listeners = each<IngressListener>(value.ingress.listeners, ingress, "listeners");
    for (const listener of listeners) ingressListener(listener);
    consulsListeners(listeners);
  }
  if (value.terminating) terminating(value, at.property("terminating"));
}

const PROTOCOLS = ["tcp", "http", "http2", "grpc"];

function ingressListener({ value, at }: Node<IngressListener>): void {
  if (!((value.port ?? 0) > 0))
    at.property("port").error("connect/ingress", `${value.port ?? 0} is no port; write 1 to 65535`);
  const protocol = value.protocol || "tcp";
  if (!PROTOCOLS.includes(protocol))
    at.property("protocol").error(
      "connect/ingress",
      `"${protocol}" is not known; write one of ${PROTOCOLS.join(", ")}`,
    );
  if (!value.services?.length)
    at.property("services").error("connect/ingress", "a listener needs a service behind it; add one");
  for (const { value: service, at: place } of each(value.services, at, "services")) {
    const hosts = service.hosts?.length ?? 0;
    if (!service.name) place.property("name").error("connect/ingress", 'is empty; write the name of a service, or "*"');
    if (protocol === "tcp" && service.name === "*")
      place.property("name").error("connect/ingress", '"*" is not for tcp; write the name of a service');
    if (hosts > 0 && (protocol === "tcp" || service.name === "*"))
      place
        .property("hosts")
        .error("connect/ingress", `${protocol === "tcp" ? "tcp knows no hosts" : '"*" takes no hosts'}; remove them`);
  }
}

/** What Consul refuses of a gateway's listeners: a server hears of it only when the job is registered, and not when it is asked to judge it. */
function consulsListeners(listeners: readonly Node<IngressListener>[]): void {
  const ports = new Set<number>();
  const refuse = (at: Place, message: string) =>
    at.report({ rule: "connect/listener", message, severity: "warning", stopsSynthesis: true });
  for (const { value, at } of listeners) {
    const { port = 0, services = [] } = value;
    if (ports.has(port)) refuse(at.property("port"), `${port} is the port of two listeners; write another for one`);
    ports.add(port);
    if ((value.protocol || "tcp") === "tcp" && services.length > 1)
      refuse(at.property("services"), "a tcp listener has one service; write a listener for each, or another protocol");
    const names = services.map(({ name }) => name);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) refuse(at.property("services"), `"${twice}" stands there twice; remove one`);
  }
}

function terminating({ terminating: entry }: Gateway, at: Place): void {
  if (!entry?.services?.length && entry?.overridden()?.Services === undefined)
    at.property("services").error("connect/terminating", "a terminating gateway needs a service; add one");
  for (const { value, at: place } of each(entry?.services, at, "services")) {
    if (!value.name) place.property("name").error("connect/terminating", "is empty; write the name of a service");
    if ((value.certFile || value.keyFile) && !value.caFile)
      place
        .property("caFile")
        .error("connect/terminating", "TLS needs the authorities that are trusted; write their file");
    else if (Boolean(value.certFile) !== Boolean(value.keyFile))
      place.property("keyFile").error("connect/terminating", "a certificate and its key go together; write both");
    if (value.sni && !value.caFile)
      place
        .property("sni")
        .error("connect/terminating", "a name in TLS needs the authorities that are trusted; write caFile");
  }
}
