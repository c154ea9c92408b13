import {
  Connect,
  Cpu,
  Duration,
  Expose,
  ExposePath,
  Gateway,
  GatewayBindAddress,
  GatewayProxy,
  GatewaySds,
  GatewayTls,
  HeaderModifiers,
  IngressGateway,
  IngressListener,
  IngressService,
  LinkedService,
  Memory,
  MeshGateway,
  MeshGatewayEntry,
  Proxy,
  SidecarService,
  SidecarTask,
  TerminatingGateway,
  TransparentProxy,
  Upstream,
} from "../../lib";

const sidecar = new SidecarService({ proxy: { upstreams: [Upstream.to("database", 5432)] } });
const listener = new IngressListener({
  port: 8080,
  protocol: "http",
  services: [new IngressService({ name: "web", hosts: ["web.example.com"] })],
});
const exposed = new ExposePath({ path: "/metrics", protocol: "http", localPathPort: 9100, listenerPort: "metrics" });

/** The blocks of Consul's service mesh, by their classes' names. */
export const OF_MESH = {
  Connect: Connect.sidecar(sidecar),
  Expose: new Expose({ paths: [exposed] }),
  ExposePath: exposed,
  Gateway: Gateway.ingress(new IngressGateway({ listeners: [listener] })),
  GatewayBindAddress: new GatewayBindAddress({ name: "public", address: "0.0.0.0", port: 8443 }),
  GatewayProxy: new GatewayProxy({ connectTimeout: Duration.seconds(5), envoyGatewayNoDefaultBind: true }),
  GatewaySds: new GatewaySds({ clusterName: "certificates", certResource: "web.example.com" }),
  GatewayTls: new GatewayTls({ enabled: true, tlsMinVersion: "TLSv1_2" }),
  HeaderModifiers: new HeaderModifiers({ add: { "x-gateway": "edge" }, remove: ["x-internal"] }),
  IngressGateway: new IngressGateway({ tls: { enabled: true }, listeners: [listener] }),
  IngressListener: listener,
  IngressService: new IngressService({ name: "web", hosts: ["web.example.com"] }),
  LinkedService: new LinkedService({ name: "billing", caFile: "/etc/ssl/billing.pem", sni: "billing.example.com" }),
  MeshGateway: new MeshGateway({ mode: "local" }),
  MeshGatewayEntry: new MeshGatewayEntry(),
  Proxy: new Proxy({ upstreams: [Upstream.to("database", 5432)], config: { protocol: "http" } }),
  SidecarService: sidecar,
  SidecarTask: new SidecarTask({ resources: { cpu: Cpu.mhz(200), memory: Memory.mebibytes(128) } }),
  TerminatingGateway: new TerminatingGateway({ services: [new LinkedService({ name: "billing" })] }),
  TransparentProxy: new TransparentProxy({ excludeInboundPorts: ["9100"], excludeOutboundPorts: [8500] }),
  Upstream: Upstream.to("database", 5432, { datacenter: "dc2", meshGateway: { mode: "local" } }),
};
