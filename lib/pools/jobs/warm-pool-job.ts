import { UserError } from "../../errors";
import {
  Check,
  Duration,
  LogConfig,
  Memory,
  Resources,
  Restart,
  Scaling,
  Service,
  Task,
  TaskGroup,
  Update,
  type ResourcesProps,
} from "../../jobspec";
import { checkProps, FLAG, NUMBER, required, type PropKinds } from "../../jobspec/host";
import { coreShare } from "../../job-parts";
import { driverOf, IN_DOCKER, type Execution } from "./execution";
import { DURATION, JOB_PROPS } from "./job-props";
import { PoolJob } from "./pool-job";
import { PROVIDER, PROVIDERS, runtimeImage, type Provider } from "./provider";

/** Properties of {@link WarmPoolJob}. */
export interface WarmPoolJobProps {
  /** Whose runtime is kept warm. */
  readonly provider: Provider;
  /**
   * How many wait.
   *
   * @default 10
   */
  readonly size?: number;
  /**
   * How they are run.
   *
   * @default - in containers of `polydev-<provider>-runtime:0.1.0`
   */
  readonly execution?: Execution;
  /**
   * Whether users may share containers that keep nothing apart, as those of raw_exec: whoever has one reaches the others. Else such a pool serves one user
   * at a time. It stands in the job's meta (`shared_without_isolation`), so that it is the same for every manager and service.
   *
   * @default false
   */
  readonly sharedWithoutIsolation?: boolean;
  /**
   * What one needs while it waits.
   *
   * @default - 0.1 core and 256 MiB
   */
  readonly resources?: Resources | ResourcesProps;
  /**
   * What the network is expected to carry, in Mbit/s; it stands in meta, since Nomad itself counts no bandwidth.
   *
   * @default 5
   */
  readonly bandwidth?: number;
  /**
   * Its rank where nodes are full.
   *
   * @default 40
   */
  readonly priority?: number;
  /**
   * Time between two checks of each.
   *
   * @default Duration.seconds(30)
   */
  readonly checkInterval?: Duration;
  /**
   * Datacenters it may run in.
   *
   * @default - any
   */
  readonly datacenters?: readonly string[];
}

const KINDS: PropKinds<WarmPoolJobProps> = {
  ...JOB_PROPS,
  provider: required(PROVIDER),
  size: NUMBER,
  sharedWithoutIsolation: FLAG,
  checkInterval: DURATION,
};

/** What says in the meta of a pool's job, with `true`, that users may share it though its containers keep nothing apart. */
export const SHARED_META = "shared_without_isolation";

/** The most containers of a pool. */
export const LARGEST_WARM_POOL = 100;

/**
 * Containers of one provider's runtime that wait, idle, until somebody leases one. The job's id is the pool's name and a hash of what is in the
 * job ({@link PoolJob}); the service in Consul has the pool's name. It has no deployments, since Nomad would refuse to scale it during one.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/job
 */
export class WarmPoolJob extends PoolJob {
  /** The pool's name, also in Consul. */
  static nameOf(provider: Provider): string {
    return `warm-pool-${provider}`;
  }

  constructor(props: WarmPoolJobProps) {
    checkProps(props, "WarmPoolJob", KINDS);
    const { provider, size = 10, execution = IN_DOCKER, resources, bandwidth = 5, priority = 40, datacenters } = props;
    const name = WarmPoolJob.nameOf(provider);
    const check = Check.script({
      name: "idle",
      command: "/bin/sh",
      args: ["-c", "test -d /"],
      interval: props.checkInterval ?? Duration.seconds(30),
      timeout: Duration.seconds(5),
      // Nomad tells Consul the first answer a second late where the service is not known there yet. Whoever gives containers out asks each first.
      initialStatus: "passing",
    });
    super({
      pool: name,
      type: "service",
      priority,
      datacenters,
      meta: {
        provider,
        bandwidth_mbits: String(bandwidth),
        ...(props.sharedWithoutIsolation ? { [SHARED_META]: "true" } : {}),
      },
      update: new Update({ maxParallel: 0 }),
      groups: [
        new TaskGroup({
          name: "warm",
          count: size,
          // Whoever deploys the job again leaves the count that the pool has by then.
          scaling: new Scaling({ min: 0, max: Math.max(LARGEST_WARM_POOL, size), enabled: true }),
          restart: Restart.fail({ attempts: 3, delay: Duration.seconds(5), interval: Duration.minutes(5) }),
          tasks: [
            new Task({
              name: "runtime",
              driver: driverOf(execution, runtimeImage(provider), ["tail", "-f", "/dev/null"]),
              killTimeout: Duration.seconds(60),
              resources: resources ?? new Resources({ cpu: coreShare(0.1), memory: Memory.mebibytes(256) }),
              logs: new LogConfig({ maxFiles: 3, maxFileSize: Memory.mebibytes(10) }),
              services: [new Service({ name, tags: [provider], checks: [check] })],
            }),
          ],
        }),
      ],
    });
  }

  /** The environment variable that says the size of a provider's pool: WARM_POOL_OPENAI_SIZE. */
  static sizeVariable(provider: Provider): string {
    return `WARM_POOL_${provider.toUpperCase()}_SIZE`;
  }

  /**
   * The sizes that WARM_POOL_OPENAI_SIZE, WARM_POOL_ANTHROPIC_SIZE and WARM_POOL_GOOGLE_SIZE say.
   *
   * @param usual for a provider of which they say nothing. Default: 10
   * @throws UserError where one is no whole number
   */
  static sizesFrom(env: Readonly<Record<string, string | undefined>>, usual = 10): Record<Provider, number> {
    const size = (provider: Provider): number => {
      const variable = WarmPoolJob.sizeVariable(provider);
      const text = env[variable];
      if (text === undefined || text === "") return usual;
      if (!/^\d{1,4}$/.test(text))
        throw UserError.at(variable, `"${text}" is no whole number; write 10, say`, "warm-pool/size");
      return Number(text);
    };
    return Object.fromEntries(PROVIDERS.map((provider) => [provider, size(provider)])) as Record<Provider, number>;
  }
}
