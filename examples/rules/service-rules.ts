import {
  Check,
  CheckRestart,
  Cni,
  Connect,
  Consul,
  Duration,
  Gateway,
  IngressGateway,
  Network,
  Port,
  Proxy,
  Service,
  SidecarService,
  TerminatingGateway,
  TransparentProxy,
  Upstream,
  type IngressListenerProps,
} from "../../lib";
import type { RuleExample } from "./rule-example";
import { check, group, program, service, task, taskService } from "./sound";

/** Networks, services, checks and the mesh. */
export const SERVICE_EXAMPLES = {
  "network/cni": {
    fails: group({ networks: [new Network({ mode: "cni/web", cni: new Cni({ args: { ports: "80;443" } }) })] }),
    passes: group({ networks: [new Network({ mode: "cni/web", cni: new Cni({ args: { ports: "80,443" } }) })] }),
  },
  "network/port-reference": {
    fails: task({ env: { PORT: "${NOMAD_PORT_htpp}" } }, { networks: [Network.bridge(Port.dynamic("http"))] }),
    passes: task({ env: { PORT: "${NOMAD_PORT_http}" } }, { networks: [Network.bridge(Port.dynamic("http"))] }),
  },
  "network/hostname": {
    fails: group({ networks: [new Network({ mode: "bridge", hostname: "web..shop" })] }),
    passes: group({ networks: [new Network({ mode: "bridge", hostname: "web.shop" })] }),
  },
  "port/duplicate-label": {
    fails: group({ networks: [Network.host(Port.dynamic("http"), Port.dynamic("http"))] }),
    passes: group({ networks: [Network.host(Port.dynamic("http"), Port.dynamic("admin"))] }),
  },
  "port/duplicate-static": {
    fails: group({ networks: [Network.host(Port.static("http", 8080), Port.static("admin", 8080))] }),
    passes: group({ networks: [Network.host(Port.static("http", 8080), Port.static("admin", 8081))] }),
  },
  "port/ignore-collision": {
    fails: group({ networks: [Network.bridge(Port.static("http", 8080, { ignoreCollision: true }))] }),
    passes: group({ networks: [Network.host(Port.static("http", 8080, { ignoreCollision: true }))] }),
  },
  "service/name": { fails: service({ name: "web_api" }), passes: service({ name: "web-api" }) },
  "service/duplicate": {
    fails: service({}, { services: ["web", "web"].map((name) => new Service({ name, port: "http" })) }),
    passes: service({}, { services: ["web", "api"].map((name) => new Service({ name, port: "http" })) }),
  },
  "service/providers": {
    fails: service(
      {},
      {
        services: [
          new Service({ name: "web", port: "http", provider: "consul" }),
          new Service({ name: "api", port: "http", provider: "nomad" }),
        ],
      },
    ),
    passes: service(
      {},
      {
        services: [
          new Service({ name: "web", port: "http", provider: "nomad" }),
          new Service({ name: "api", port: "http", provider: "nomad" }),
        ],
      },
    ),
  },
  "service/port-unknown": { fails: taskService({ port: "htpp" }), passes: taskService({ port: "http" }) },
  "service/address": {
    fails: service({ address: "web.example.com", addressMode: "host" }),
    passes: service({ address: "web.example.com", addressMode: "auto" }),
  },
  "service/address-mode": {
    fails: service({ addressMode: "driver" }),
    passes: taskService({ addressMode: "driver" }),
  },
  "service/task": { fails: taskService({ task: "admin" }), passes: taskService({ task: "web" }) },
  "service/connect": {
    fails: service({ provider: "nomad", connect: Connect.sidecar() }),
    passes: service({ provider: "consul", connect: Connect.sidecar() }),
  },
  "service/identity": {
    fails: service({ identity: { ttl: Duration.hours(1) } }),
    passes: service({ identity: { audience: ["consul.io"], ttl: Duration.hours(1) } }),
  },
  "service/kind": { fails: service({ kind: "gateway" }), passes: service({ kind: "api-gateway" }) },
  "check/no-port": {
    fails: check(Check.tcp(), { port: undefined }),
    passes: check(Check.tcp({ port: "http" }), { port: undefined }),
  },
  "check/port-number": {
    fails: taskService({ checks: [Check.tcp({ port: "8080" })] }),
    passes: taskService({ checks: [Check.tcp({ port: "8080", addressMode: "driver" })] }),
  },
  "check/port-unknown": {
    fails: taskService({ checks: [Check.tcp({ port: "htpp" })] }),
    passes: taskService({ checks: [Check.tcp({ port: "http" })] }),
  },
  "check/path": {
    fails: check(Check.http({ path: "" })),
    passes: check(Check.http({ path: "/health" })),
  },
  "check/method": {
    fails: check(Check.http({ path: "/health", method: "LOOK" }), { provider: "nomad" }),
    passes: check(Check.http({ path: "/health", method: "HEAD" }), { provider: "nomad" }),
  },
  "check/command": {
    fails: check(Check.script({ command: "", task: "web" })),
    passes: check(Check.script({ command: "/bin/healthy", task: "web" })),
  },
  "check/task": {
    fails: check(Check.script({ command: "/bin/healthy" })),
    passes: check(Check.script({ command: "/bin/healthy", task: "web" })),
  },
  "check/provider": {
    fails: check(Check.grpc(), { provider: "nomad" }),
    passes: check(Check.grpc(), { provider: "consul" }),
  },
  "check/tls-skip-verify": {
    fails: check(Check.http({ path: "/health", tlsSkipVerify: true }), { provider: "nomad" }),
    passes: check(Check.http({ path: "/health", tlsSkipVerify: true }), { provider: "consul" }),
  },
  "check/address-mode": {
    fails: taskService({ checks: [Check.tcp({ addressMode: "alloc" })] }),
    passes: taskService({ checks: [Check.tcp({ addressMode: "host" })] }),
  },
  "check/connect": {
    fails: check(Check.tcp(), { connect: Connect.sidecar() }),
    passes: check(Check.http({ path: "/health", expose: true }), { port: "8080", connect: Connect.sidecar() }),
  },
  "check/expose": {
    fails: check(Check.http({ path: "/health", expose: true }), { connect: Connect.sidecar() }),
    passes: check(Check.http({ path: "/health", expose: true }), { port: "8080", connect: Connect.sidecar() }),
  },
  "check/duplicate": {
    fails: taskService({ checks: [Check.tcp(), Check.http({ path: "/health" })] }),
    passes: taskService({ checks: [Check.tcp({ name: "alive" }), Check.http({ name: "ready", path: "/health" })] }),
  },
  "check/notes": {
    fails: check(Check.tcp({ notes: "Ask the team. ".repeat(19) })),
    passes: check(Check.tcp({ notes: "Ask the team." })),
  },
  "check/on-update": {
    fails: check(Check.tcp({ onUpdate: "ignore", checkRestart: new CheckRestart({ limit: 3 }) })),
    passes: check(Check.tcp({ onUpdate: "require_healthy", checkRestart: new CheckRestart({ limit: 3 }) })),
  },
  "check/thresholds": {
    fails: check(Check.script({ command: "/bin/healthy", task: "web", failuresBeforeCritical: 3 })),
    passes: check(Check.http({ path: "/health", failuresBeforeCritical: 3 })),
  },
  "check/timeout-above-interval": {
    fails: check(Check.tcp({ interval: Duration.seconds(10), timeout: Duration.seconds(20) })),
    passes: check(Check.tcp({ interval: Duration.seconds(20), timeout: Duration.seconds(10) })),
  },
  "connect/way": {
    fails: service({ connect: new Connect({}) }),
    passes: service({ connect: Connect.sidecar() }),
  },
  "connect/name": {
    fails: service({ name: "Web", connect: Connect.sidecar() }),
    passes: service({ name: "web", connect: Connect.sidecar() }),
  },
  "connect/network": {
    fails: service({ connect: Connect.sidecar() }, { networks: [Network.host(Port.dynamic("http"))] }),
    passes: service({ connect: Connect.sidecar() }, { networks: [Network.bridge(Port.dynamic("http"))] }),
  },
  "connect/native": {
    fails: service({ connect: Connect.native() }, { tasks: ["web", "api"].map((name) => program({ name })) }),
    passes: service(
      { connect: Connect.native(), task: "api" },
      { tasks: ["web", "api"].map((name) => program({ name })) },
    ),
  },
  "connect/cni": {
    fails: service(
      { connect: Connect.sidecar() },
      { networks: [new Network({ mode: "cni/mesh", ports: [Port.dynamic("http")] })] },
    ),
    passes: service({ connect: Connect.sidecar() }, { networks: [Network.bridge(Port.dynamic("http"))] }),
  },
  "connect/native-port": {
    fails: service({ connect: Connect.native(), port: undefined }),
    passes: service({ connect: Connect.native(), port: "http" }),
  },
  "connect/upstream": {
    fails: service({ connect: sidecar({ upstreams: [Upstream.to("db", 5432), Upstream.to("cache", 5432)] }) }),
    passes: service({ connect: sidecar({ upstreams: [Upstream.to("db", 5432), Upstream.to("cache", 6379)] }) }),
  },
  "connect/transparent": {
    fails: service({ connect: sidecar({ transparentProxy: new TransparentProxy({ uid: "envoy" }) }) }),
    passes: service({ connect: sidecar({ transparentProxy: new TransparentProxy({ uid: "101" }) }) }),
  },
  "connect/gateway": {
    fails: service({ port: undefined, connect: Connect.gateway(Gateway.mesh()) }),
    passes: service({ port: "http", connect: Connect.gateway(Gateway.mesh()) }),
  },
  "connect/ingress": {
    fails: service({ connect: ingress({ port: 0, services: [{ name: "api" }] }) }),
    passes: service({ connect: ingress({ port: 8080, services: [{ name: "api" }] }) }),
  },
  "connect/terminating": {
    fails: service({ connect: Connect.gateway(Gateway.terminating(new TerminatingGateway({ services: [] }))) }),
    passes: service({
      connect: Connect.gateway(Gateway.terminating(new TerminatingGateway({ services: [{ name: "billing" }] }))),
    }),
  },
  "connect/listener": {
    fails: service({
      connect: ingress({ port: 8080, services: [{ name: "web" }] }, { port: 8080, services: [{ name: "api" }] }),
    }),
    passes: service({
      connect: ingress({ port: 8080, services: [{ name: "web" }] }, { port: 8081, services: [{ name: "api" }] }),
    }),
  },
  "consul/partition": {
    fails: task({ consul: new Consul({ partition: "shop" }) }, { consul: new Consul({ partition: "bank" }) }),
    passes: task({ consul: new Consul({ partition: "shop" }) }, { consul: new Consul({ partition: "shop" }) }),
    target: { enterprise: true },
  },
} as const satisfies Readonly<Record<string, RuleExample>>;

/** A sidecar whose proxy has these properties. */
function sidecar(proxy: ConstructorParameters<typeof Proxy>[0]): Connect {
  return Connect.sidecar(new SidecarService({ proxy: new Proxy(proxy) }));
}

/** An ingress gateway with these listeners. */
function ingress(...listeners: readonly IngressListenerProps[]): Connect {
  return Connect.gateway(Gateway.ingress(new IngressGateway({ listeners })));
}
