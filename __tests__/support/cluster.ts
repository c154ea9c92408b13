import { ConsulClient, consulConnection, NomadClient, nomadConnection } from "../../lib/nomad";
import { reservePorts, type ReservedPorts } from "./ports";
import { Project } from "./project";

/** What a cluster for tests or measurements is made of. */
export interface TestClusterOptions {
  /** A module that is the program of its project. Default: the environments of this repository. */
  readonly program?: string;
  /** Default: one, Nomad's own. */
  readonly regions?: readonly string[];
  /** Whether it is started before the first test. Default: true. */
  readonly started?: boolean;
  /** Whether it asks for tokens. Default: as a user's does. */
  readonly acl?: "open" | "closed";
  /** Whether it has a server of secrets. Default: false. */
  readonly vault?: boolean;
}

/**
 * A real Nomad and a real Consul in a project of their own, on ports of their own: any number of them, of any test runs, live beside each
 * other and beside a cluster that somebody works with. Suites get one from {@link clusterForSuite}, measurements from {@link withCluster}.
 */
export class TestCluster {
  readonly project: Project;
  #running: Running | undefined;

  constructor(private readonly options: TestClusterOptions = {}) {
    this.project = new Project(options.program);
  }

  /**
   * Reserves the ports, and brings the agents up.
   *
   * @param env variables for the agents
   */
  async start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    const { regions = [], started = true, acl, vault = false } = this.options;
    const ports = await reservePorts(Math.max(1, regions.length));
    const nomad = `http://127.0.0.1:${4646 + ports.offset}`;
    const consul = `http://127.0.0.1:${8500 + ports.offset}`;
    this.#running = {
      ports,
      addresses: { NOMAD_ADDR: nomad, CONSUL_HTTP_ADDR: consul },
      clients: new Map(),
    };
    if (!started) return;
    const more = [
      ...(regions.length > 0 ? ["--regions", regions.join(",")] : []),
      ...(acl === undefined ? [] : [`--${acl}`]),
      ...(vault ? ["--vault"] : []),
    ];
    const said = await this.project.run(["up", "--port-offset", String(ports.offset), ...more], env);
    if (said.code !== 0) throw new Error(said.stderr);
  }

  /** Ends all of it, and forgets the project. */
  async end(): Promise<void> {
    const running = this.#running;
    const clients = [...(running?.clients.values() ?? [])];
    await Promise.all(clients.flatMap(({ nomad, consul }) => [nomad.close(), consul.close()]));
    await this.project.remove();
    await running?.ports.release();
  }

  /** Stops and forgets every job of a region. */
  async purge(region?: string): Promise<void> {
    const nomad = region === undefined ? this.nomad : this.nomad.where({ Region: region });
    for (const { ID } of await nomad.jobs()) await nomad.deregister(ID, { purge: true });
  }

  get nomad(): NomadClient {
    return this.clients.nomad;
  }

  get consul(): ConsulClient {
    return this.clients.consul;
  }

  /** NOMAD_ADDR and CONSUL_HTTP_ADDR: where it is, for proxies and messages. Whoever asks it something needs its {@link environment}. */
  get addresses(): Addresses {
    return this.running.addresses;
  }

  /** The variables with which commands, programs and other clients reach it, its tokens among them: `nomadConnection(cluster.environment)`. */
  get environment(): ClusterEnvironment {
    const { CDK_NOMAD_CLOSED } = this.project.cluster.programVariables();
    return {
      ...this.addresses,
      ...this.project.cluster.environment(),
      ...(CDK_NOMAD_CLOSED === undefined ? {} : { CDK_NOMAD_CLOSED }),
    };
  }

  /** Asks one of its APIs without a client, as a program of another language would. */
  async ask(api: "nomad" | "consul", path: string, init: RequestInit = {}): Promise<Response> {
    const { NOMAD_ADDR, CONSUL_HTTP_ADDR, NOMAD_TOKEN = "", CONSUL_HTTP_TOKEN = "" } = this.environment;
    const [address, header, token] =
      api === "nomad"
        ? [NOMAD_ADDR, "X-Nomad-Token", NOMAD_TOKEN]
        : [CONSUL_HTTP_ADDR, "X-Consul-Token", CONSUL_HTTP_TOKEN];
    const headers = new Headers(init.headers);
    if (token !== "") headers.set(header, token);
    return fetch(`${address}${path}`, { ...init, headers });
  }

  /** Clients with the tokens that it has now: others, where it was started again. */
  private get clients(): Clients {
    const { clients } = this.running;
    const { environment } = this;
    const key = `${environment.NOMAD_TOKEN} ${environment.CONSUL_HTTP_TOKEN}`;
    const found = clients.get(key) ?? {
      nomad: new NomadClient(nomadConnection(environment)),
      consul: new ConsulClient(consulConnection(environment)),
    };
    clients.set(key, found);
    return found;
  }

  /** How far its ports are moved. */
  get offset(): number {
    return this.running.ports.offset;
  }

  /** A port of this machine for whatever a test starts, one of twenty. */
  port(number: number): number {
    return this.running.ports.port(number);
  }

  private get running(): Running {
    if (!this.#running) throw new Error("the cluster is not started yet; use it inside of tests and hooks");
    return this.#running;
  }
}

/** Where a cluster is. */
interface Addresses {
  readonly NOMAD_ADDR: string;
  readonly CONSUL_HTTP_ADDR: string;
}

/** Where a cluster is, and who asks. */
export interface ClusterEnvironment extends Addresses {
  readonly [variable: string]: string;
}

interface Clients {
  readonly nomad: NomadClient;
  readonly consul: ConsulClient;
}

interface Running {
  readonly ports: ReservedPorts;
  readonly addresses: Addresses;
  /** By their tokens. */
  readonly clients: Map<string, Clients>;
}

/** A cluster for the tests of a file: started before the first of them, ended after the last. */
export function clusterForSuite(options: TestClusterOptions = {}): TestCluster {
  const cluster = new TestCluster(options);
  beforeAll(() => cluster.start());
  afterAll(() => cluster.end());
  return cluster;
}

/** A cluster for a measurement. */
export async function withCluster<T>(
  options: TestClusterOptions,
  run: (cluster: TestCluster) => Promise<T>,
): Promise<T> {
  const cluster = new TestCluster(options);
  try {
    await cluster.start();
    return await run(cluster);
  } finally {
    await cluster.end();
  }
}
