import { TerraformStack, type TerraformResource } from "cdktf";
import { UserError } from "../errors";
import { Connect, Proxy, SidecarService, Upstream, type Job, type Service, type TaskGroup } from "../jobspec";
import { checkProps, describe, nearestOf, NUMBER, type PropKinds } from "../jobspec/host";
import { Intentions } from "./consul";

/** How one service reaches another. */
export interface ConnectOptions {
  /**
   * The port of 127.0.0.1 at which the tasks of the group find it. They read it as `NOMAD_UPSTREAM_ADDR_<service>`, with `_` for every character that is
   * no letter and no digit.
   *
   * @default - the first from 9191 on that the group has for nothing else
   */
  readonly localPort?: number;
}

/** The construct that has the job of a service: a NomadJob. */
export interface JobConstruct extends TerraformResource {
  /** The job as it is now. */
  readonly job: Job;
  /** Puts another job in the place of the one that is there. */
  amend(change: (job: Job) => Job): unknown;
}

const CONNECT_OPTIONS: PropKinds<ConnectOptions> = { localPort: NUMBER };

const FIRST_LOCAL_PORT = 9191;

/**
 * A service of a job in Consul's mesh, to say what it calls. Given by `nomadJob.service(name)`.
 *
 * @see https://developer.hashicorp.com/nomad/docs/integrations/consul/service-mesh
 */
export class JobService {
  constructor(
    /** The job that offers it. */
    readonly job: JobConstruct,
    /** Its name in Consul. */
    readonly name: string,
  ) {
    this.find(job.job);
  }

  /**
   * Lets this service call another one through the mesh: its proxy gets the other one as an upstream, the other one's intentions allow it, and both have a
   * proxy where they had none. The job is brought after what allows the call.
   *
   * @param other of this stack, or of another one of the same program
   * @returns the same service, for the next one that it calls
   * @throws UserError where one of them is no service of a group, or is a gateway or speaks to the mesh by itself; and for another port than the one at which
   * it is found already
   * @example
   * launcher.service("pattern-launcher").connectTo(admin.service("prism-admin"));
   */
  connectTo(other: JobService, options: ConnectOptions = {}): this {
    if (typeof (other as Partial<JobService> | undefined)?.connectTo !== "function")
      throw this.mistake(
        `connectTo() expected a service of a job, found ${describe(other)}; write nomadJob.service("name")`,
      );
    checkProps(options, `${this.job.node.path}.connectTo()`, CONNECT_OPTIONS);
    const { localPort } = options;
    // Neither is changed where one of them cannot be.
    for (const each of [other, this]) each.checkProxy(each.service());
    const before = upstreamTo(other, this.service())?.localBindPort;
    if (before !== undefined && localPort !== undefined && before !== localPort)
      throw this.mistake(
        `finds "${other.name}" at port ${before} already, not ${localPort}; leave localPort out, or give it where the two are connected first`,
      );
    other.change((service) => service.with({ connect: other.withProxy(service) }));
    this.change((service, group) => {
      const connect = this.withProxy(service);
      const sidecar = connect.sidecarService ?? new SidecarService();
      const proxy = sidecar.proxy ?? new Proxy();
      if (upstreamTo(other, service)) return service;
      const upstream = Upstream.to(other.name, localPort ?? freePortOf(group));
      return service.with({
        connect: connect.with({ sidecarService: sidecar.with({ proxy: proxy.withUpstream(upstream) }) }),
      });
    });
    const allowing = intentionsTo(other).allow(this.name);
    const { terraformResourceType: type, friendlyUniqueId: id } = allowing.entry;
    if (TerraformStack.of(this.job) === TerraformStack.of(allowing))
      this.job.dependsOn = [...new Set([...(this.job.dependsOn ?? []), `${type}.${id}`])];
    return this;
  }

  /** How the service is in the mesh: by the proxy that it has, or by a new one. */
  private withProxy(service: Service): Connect {
    this.checkProxy(service);
    const { connect } = service;
    if (connect?.sidecarService) return connect;
    return connect ? connect.with({ sidecarService: new SidecarService() }) : Connect.sidecar();
  }

  private checkProxy({ connect }: Service): void {
    if (connect?.native || connect?.gateway)
      throw this.mistake(
        "has no proxy that could be told of another service; write Connect.sidecar(), or the upstream by hand",
      );
  }

  private change(change: (service: Service, group: TaskGroup) => Service): void {
    this.job.amend((job) => {
      const { name } = this.find(job);
      return job.withGroup(name, (group) => group.withService(this.name, (service) => change(service, group)));
    });
  }

  /** The service as it is now. */
  private service(): Service {
    const { services = [] } = this.find(this.job.job);
    return services.find(({ name }) => name === this.name) as Service;
  }

  /** The group that offers it. */
  private find(job: Job): TaskGroup {
    const groups = job.groups ?? [];
    const found = groups.find(({ services }) => services?.some(({ name }) => name === this.name));
    if (found) return found;
    if (groups.some(({ tasks }) => tasks?.some(({ services }) => services?.some(({ name }) => name === this.name))))
      throw this.mistake("is a service of a task, and the mesh has services of groups alone; write it in the group");
    const known = groups.flatMap(({ services }) => (services ?? []).flatMap(({ name }) => (name ? [name] : [])));
    const near = nearestOf(this.name, known);
    throw this.mistake(
      known.length === 0
        ? "is no service of its groups, which have none"
        : `is no service of its groups; write ${near === undefined ? `one of ${known.map((each) => `"${each}"`).join(", ")}` : `"${near}"`}`,
    );
  }

  private mistake(message: string): UserError {
    return UserError.at([this.job.node.path, `service "${this.name}"`], message, "service/mesh");
  }
}

/** The upstream by which a service calls another one, where it does. */
function upstreamTo({ name }: JobService, { connect }: Service): Upstream | undefined {
  return connect?.sidecarService?.proxy?.upstreams?.find(({ destinationName }) => destinationName === name);
}

/** The first port that no upstream of the group has, and none of its networks. */
function freePortOf({ services, networks }: TaskGroup): number {
  const upstreams = (services ?? []).flatMap(({ connect }) => connect?.sidecarService?.proxy?.upstreams ?? []);
  const ports = (networks ?? []).flatMap((network) => network.ports ?? []);
  const taken = new Set([
    ...upstreams.map((each) => each.localBindPort),
    ...ports.flatMap((port) => [port.static, port.to]),
  ]);
  let port = FIRST_LOCAL_PORT;
  while (taken.has(port)) port += 1;
  return port;
}

/** What says who may call a service: Consul has one entry for each. */
function intentionsTo({ job, name }: JobService): Intentions {
  const stack = TerraformStack.of(job);
  const known = stack.node
    .findAll()
    .filter((each) => Intentions.isIntentions(each))
    .find(({ to }) => to === name);
  return known ?? new Intentions(stack, `intentions-to-${name}`, { to: name });
}
