import { Construct } from "constructs";
import { NomadJob, RegionalJob, type RegionRendering } from "../constructs";
import type { Multiregion, MultiregionProps, Secret } from "../jobspec";
import {
  ANYTHING,
  checkProps,
  NUMBER,
  OBJECT,
  objectBy,
  oneOfTexts,
  TEXTS,
  type PropKind,
  type PropKinds,
} from "../jobspec/host";
import {
  BrowserVmJob,
  PoolJob,
  PROVIDERS,
  RuntimeJob,
  WarmPoolJob,
  type BrowserMachine,
  type Execution,
  type Provider,
} from "../pools/jobs";

/** Properties of {@link Polydev}. */
export interface PolydevProps {
  /**
   * How commands and pools are run, of all providers or of each.
   *
   * @default - in containers
   */
  readonly execution?: Execution | ((provider: Provider) => Execution);
  /**
   * How browsers are run.
   *
   * @default - Firecracker, from the golden snapshot
   */
  readonly machine?: BrowserMachine;
  /**
   * How many wait in each provider's warm pool at first; a pool of 0 has no job.
   *
   * @default - 10 each
   */
  readonly warmPools?: Partial<Record<Provider, number>>;
  /**
   * How many browsers stand ready, each with an address and ports of its own.
   *
   * @default 0
   */
  readonly browsers?: number;
  /**
   * Added to every port.
   *
   * @default 0
   */
  readonly portOffset?: number;
  /**
   * Keys of the providers.
   *
   * @default - none: whoever dispatches brings one
   */
  readonly apiKeys?: Partial<Record<Provider, Secret>>;
  /**
   * Datacenters it may run in.
   *
   * @default - any
   */
  readonly datacenters?: readonly string[];
  /**
   * The regions that it is rolled out to.
   *
   * @default - the cluster's own
   */
  readonly regions?: Multiregion | MultiregionProps;
  /**
   * How the regions are rendered.
   *
   * @default "fanOut"
   */
  readonly rendering?: RegionRendering;
}

/** Values by the providers that there are. */
const ofProviders = (kind: PropKind) => objectBy(() => Object.fromEntries(PROVIDERS.map((name) => [name, kind])));

const KINDS: PropKinds<PolydevProps> = {
  execution: ANYTHING,
  machine: OBJECT,
  warmPools: ofProviders(NUMBER),
  browsers: NUMBER,
  portOffset: NUMBER,
  apiKeys: ofProviders(ANYTHING),
  datacenters: TEXTS,
  regions: OBJECT,
  rendering: oneOfTexts("fanOut", "enterprise"),
};

/** The jobs of Polydev: a runtime to dispatch and a warm pool for each provider, and browsers that stand ready. */
export class Polydev extends Construct {
  /** The jobs, for each region. */
  readonly jobs: readonly NomadJob[];
  /** The warm pools, and whether their containers are of Docker. */
  readonly pools: readonly { readonly pool: string; readonly contained: boolean }[];

  constructor(scope: Construct, id: string, props: PolydevProps = {}) {
    super(scope, id);
    checkProps(props, this.node.path, KINDS);
    const { datacenters, machine, portOffset = 0, browsers = 0, regions, rendering } = props;
    const pools: { pool: string; contained: boolean }[] = [];
    const jobs = PROVIDERS.flatMap((provider) => {
      const execution = typeof props.execution === "function" ? props.execution(provider) : props.execution;
      const size = props.warmPools?.[provider] ?? 10;
      if (size > 0)
        pools.push({ pool: WarmPoolJob.nameOf(provider), contained: (execution?.kind ?? "docker") === "docker" });
      const runtime = RuntimeJob.dispatched({ provider, execution, datacenters, apiKey: props.apiKeys?.[provider] });
      const pool = size > 0 ? [new WarmPoolJob({ provider, size, execution, datacenters })] : [];
      return [runtime, ...pool];
    });
    this.pools = pools;
    const machines = Array.from({ length: browsers }, (_, index) => {
      const vncPort = 5900 + portOffset + index;
      return new BrowserVmJob({
        sessionId: `ready-${index}`,
        userId: "",
        provider: "",
        vmIp: `192.168.100.${index + 2}`,
        vncPort,
        machine,
        datacenters,
      });
    });
    this.jobs = [...jobs, ...machines].flatMap((job) => {
      // The id of a pool's job changes with the job; its place in the program does not.
      const name = job instanceof PoolJob ? job.pool : job.id;
      return regions
        ? new RegionalJob(this, name, { job, regions, rendering }).jobs
        : [new NomadJob(this, name, { job })];
    });
  }
}
