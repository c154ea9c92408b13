import { spawn, type ChildProcess } from "node:child_process";
import { openSync } from "node:fs";
import { join } from "node:path";
import { binaryHere } from "./binaries";
import type { ClusterEnvironment } from "./cluster";
import * as v from "valibot";
import { apiPath, type ConsulClient } from "../../lib/nomad";

/**
 * A mesh on this machine, as Nomad's connect block would make it where there are networks of their own: Consul's own proxy in front of each
 * instance of a service, and a real Envoy for a client that calls it.
 */
export class Mesh {
  readonly #children: ChildProcess[] = [];
  readonly #registered: string[] = [];

  constructor(
    private readonly consul: ConsulClient,
    /** With which token. */
    private readonly environment: ClusterEnvironment,
    private readonly grpc: string,
    private readonly envoy: string,
    private readonly folder: string,
  ) {}

  /** Puts a proxy in front of every instance of a service. */
  async serve(service: string, firstPort: number): Promise<void> {
    for (const [index, { Service }] of (await this.consul.instances(service)).entries()) {
      const id = `${Service.ID}-proxy`;
      await this.register({
        ID: id,
        Name: `${service}-sidecar-proxy`,
        Kind: "connect-proxy",
        Address: "127.0.0.1",
        Port: firstPort + index,
        Meta: Service.Meta,
        Proxy: {
          DestinationServiceName: service,
          DestinationServiceID: Service.ID,
          LocalServiceAddress: "127.0.0.1",
          LocalServicePort: Service.Port,
        },
      });
      await this.start(["connect", "proxy", "-sidecar-for", Service.ID, "-log-level=warn"], `proxy-${index}.log`);
    }
  }

  /** Starts an Envoy that sends what comes to a port to a service. */
  async call(service: string, port: number): Promise<void> {
    const upstreams = [{ DestinationName: service, LocalBindPort: port }];
    await this.register({
      ID: "client",
      Name: "client",
      Port: port + 1,
      Connect: { SidecarService: { Port: port + 2, Checks: [], Proxy: { Upstreams: upstreams } } },
    });
    this.#registered.push("client-sidecar-proxy");
    const admin = `127.0.0.1:${port + 3}`;
    const own = ["-envoy-binary", this.envoy, "-admin-bind", admin, "-ignore-envoy-compatibility"];
    await this.start(["connect", "envoy", "-sidecar-for", "client", ...own, "--", "-l", "warn"], "envoy.log");
  }

  async close(): Promise<void> {
    for (const child of this.#children) {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      if (child.exitCode === null && child.kill()) await gone;
    }
    for (const id of this.#registered.reverse())
      await this.consul.http.put(apiPath`/v1/agent/service/deregister/${id}`, v.unknown()).catch(() => undefined);
  }

  private async register(service: { readonly ID: string } & Record<string, unknown>): Promise<void> {
    await this.consul.http.put(apiPath`/v1/agent/service/register`, v.unknown(), { body: service });
    this.#registered.push(service.ID);
  }

  private async start(args: readonly string[], name: string): Promise<void> {
    const { path } = await binaryHere("consul");
    const log = openSync(join(this.folder, name), "a");
    const env = { ...process.env, ...this.environment, CONSUL_GRPC_ADDR: this.grpc };
    this.#children.push(spawn(path, args, { stdio: ["ignore", log, log], env }));
  }
}
