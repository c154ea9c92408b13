/** Written by `npm run doors` of the files in this folder. */
export { Connect, type ConnectProps } from "./connect";
export { Expose, ExposePath, type ExposePathProps, type ExposeProps } from "./expose";
export {
  Gateway,
  GatewayBindAddress,
  GatewayProxy,
  MeshGatewayEntry,
  type GatewayBindAddressProps,
  type GatewayProps,
  type GatewayProxyProps,
  type MeshGatewayEntryProps,
} from "./gateway";
export {
  GatewaySds,
  GatewayTls,
  HeaderModifiers,
  IngressGateway,
  IngressListener,
  IngressService,
  type GatewaySdsProps,
  type GatewayTlsProps,
  type HeaderModifiersProps,
  type IngressGatewayProps,
  type IngressListenerProps,
  type IngressServiceProps,
} from "./ingress";
export { Proxy, type ProxyProps } from "./proxy";
export { SidecarService, type SidecarServiceProps } from "./sidecar-service";
export { SidecarTask, type SidecarTaskProps } from "./sidecar-task";
export {
  LinkedService,
  TerminatingGateway,
  type LinkedServiceProps,
  type TerminatingGatewayProps,
} from "./terminating";
export { TransparentProxy, type TransparentProxyProps } from "./transparent-proxy";
export { MeshGateway, Upstream, type MeshGatewayProps, type UpstreamProps } from "./upstream";
