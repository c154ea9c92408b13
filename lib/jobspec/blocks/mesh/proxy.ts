import { anyMap, block, blockOf, blocks, int, text, type PropsOf } from "../../engine";
import { Expose } from "./expose";
import { TransparentProxy } from "./transparent-proxy";
import { Upstream, type UpstreamProps } from "./upstream";

const fields = {
  /** Address at which the proxy finds the service. @default - "127.0.0.1", as Consul takes it */
  localServiceAddress: text("LocalServiceAddress"),
  /** Port at which the proxy finds the service. @default - the service's port */
  localServicePort: int("LocalServicePort"),
  /** Services that the task reaches through the proxy. @default - none */
  upstreams: blocks("Upstreams", () => Upstream, { hcl: "upstreams" }),
  /** Paths that are reachable past the mesh. @default - none */
  expose: block("Expose", () => Expose),
  /** Sends all of the task's traffic through the proxy. @default - only what goes to upstreams */
  transparentProxy: block("TransparentProxy", () => TransparentProxy),
  /** Settings of the proxy, such as `protocol`. @default - none */
  config: anyMap("Config"),
  /** The older spelling of `expose`. @default - none */
  exposeConfig: block("ExposeConfig", () => Expose, { hcl: "", deprecated: "expose" }),
};

/** Properties of {@link Proxy}. */
export interface ProxyProps extends PropsOf<typeof fields> {}

/**
 * What a mesh proxy does.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/proxy
 */
export class Proxy extends blockOf({ api: "ConsulProxy", hcl: "proxy" }, fields) {
  constructor(props: ProxyProps = {}) {
    super(props);
  }

  /** The same proxy with one more service that it reaches. */
  withUpstream(upstream: Upstream | UpstreamProps): this {
    return this.copyWithOne("upstreams", upstream);
  }
}
