import { countIn } from "../../lib/jobspec/host";
import { ConsulClient, consulConnection, NomadClient, nomadConnection, type JobJson } from "../../lib/nomad";
import {
  ConsulStore,
  LeaseBook,
  NomadExecutor,
  NomadManager,
  NomadStore,
  POOL_SERVICE_POLICIES,
  WarmPool,
} from "../../lib/pools";
import { clusterForSuite } from "../support/cluster";
import { environmentWith, without, works, type Rules } from "../support/rights";
import { until } from "../support/until";
import { smallPool } from "../support/warm-pools";

// What the service of the pools may do, taken away piece by piece; what it may for its page is in __tests__/operate/page-rights.test.ts.
const cluster = clusterForSuite();
const job = smallPool({ size: 3 });
const TOKENS = "nomad/jobs/pool-service";
const LIMIT = 180_000;

beforeAll(async () => {
  await cluster.nomad.register(job.toApi().Job as JobJson);
  await cluster.nomad.setVariable(TOKENS, { ann: "a line" }, 0);
  await until("the containers", async () => {
    const all = await cluster.nomad.allocations(job.id ?? "");
    return all.filter(({ ClientStatus }) => ClientStatus === "running").length === 3;
  });
}, LIMIT);

type Environment = Awaited<ReturnType<typeof environmentWith>>;

/** A pool of a process with this environment. It takes what is deployed, and registers nothing. */
async function withPool(environment: Environment, use: (pool: WarmPool) => Promise<unknown>): Promise<void> {
  const nomad = new NomadClient(nomadConnection(environment));
  const consul = new ConsulClient(consulConnection(environment));
  const store = new ConsulStore(consulConnection(environment));
  const [min, max] = [1, 10];
  const pool = new WarmPool({
    ...{ nomad, consul, store, pool: job.pool, executor: new NomadExecutor(nomad), min, max },
  });
  try {
    await pool.start();
    await use(pool);
  } finally {
    await pool.stop();
    await Promise.all([nomad.close(), consul.close(), store.close()]);
  }
}

async function saysHello(pool: WarmPool): Promise<void> {
  const { lease } = await pool.claim({ owner: "ann", timeout: 60_000 });
  try {
    const { stdout } = await pool.execute(lease, "echo hello");
    if (stdout !== "hello\n") throw new Error(`it said ${stdout}`);
  } finally {
    await pool.release(lease);
  }
}

/** What the service does by its rights. */
const ABILITIES = {
  "runs a command in a container": (environment: Environment) => withPool(environment, saysHello),
  "replaces a container": (environment: Environment) =>
    withPool(environment, async (pool) => {
      const { lease } = await pool.claim({ owner: "ann", timeout: 60_000 });
      await pool.release(lease);
      await until(
        "its end",
        async () => (await cluster.nomad.allocation(lease.slot))?.ClientStatus === "complete",
        20_000,
      );
    }),
  "resizes a pool": (environment: Environment) =>
    withPool(environment, async (pool) => {
      const size = (await sizeOf()) + 1;
      await pool.resize(size);
      await until("its size", async () => (await sizeOf()) === size, 20_000);
    }),
  "runs a command in a job of its own": async (environment: Environment) => {
    const nomad = new NomadClient(nomadConnection(environment));
    const manager = new NomadManager({ nomad, executor: new NomadExecutor(nomad), execution: { kind: "raw_exec" } });
    try {
      const { jobId } = await manager.submitRuntimeJob({
        userId: "ann",
        provider: "openai",
        credentials: {},
        command: "echo hello",
      });
      const { stdout } = await manager.result(jobId);
      if (stdout !== "hello\n") throw new Error(`it said ${stdout}`);
    } finally {
      await nomad.close();
    }
  },
  "reads its tokens": async (environment: Environment) => {
    const nomad = new NomadClient(nomadConnection(environment));
    try {
      if ((await nomad.variable(TOKENS))?.Items.ann !== "a line") throw new Error("it has none");
    } finally {
      await nomad.close();
    }
  },
  "leases by Nomad's variables": async (environment: Environment) => {
    const pool = `rights-${environment.NOMAD_TOKEN.slice(0, 8)}`;
    const troubles: string[] = [];
    const open = (connected: Environment) => {
      const store = new NomadStore(nomadConnection(connected));
      const end = () => Promise.resolve("gone" as const);
      const onTrouble = (message: string) => void troubles.push(message);
      return { store, book: new LeaseBook({ store, pool, candidates: () => ["a", "b"], end, onTrouble }) };
    };
    // What another manager wrote has to be read.
    const [other, own] = [open({ ...environment, ...cluster.environment }), open(environment)];
    try {
      await other.book.start();
      const foreign = await other.book.claim({ owner: "bob", timeout: 5000 });
      await own.book.start();
      await own.book.release(await own.book.claim({ owner: "ann", timeout: 5000 }));
      await until("its end", async () => (await own.book.list()).length === 1, 10_000);
      await other.book.release(foreign);
      await until("no lease", async () => (await own.book.list()).length === 0, 10_000);
    } finally {
      await Promise.all([own.book.stop(), other.book.stop()]);
      await Promise.all([own.store.close(), other.store.close()]);
    }
    // It leaves nothing, and needs nothing that it may not.
    if (troubles.length > 0) throw new Error(troubles.join("\n"));
  },
} as const;
type Ability = keyof typeof ABILITIES;

async function sizeOf(): Promise<number> {
  const [group] = (await cluster.nomad.job(job.id ?? ""))?.TaskGroups ?? [];
  return group ? Number(countIn(group)) : 0;
}

async function can(rules: Rules, ability: Ability): Promise<boolean> {
  return works(ABILITIES[ability](await environmentWith(cluster, rules)));
}

const RULES: Rules = POOL_SERVICE_POLICIES;
const variable = (capability: string) =>
  without(RULES, "nomad", new RegExp(String.raw`(?<=path "pools/\*" \{\s*capabilities = \[[^\]]*)"${capability}",? ?`));

test.each(Object.keys(ABILITIES) as readonly Ability[])(
  "with the service's own policies it %s",
  async (ability) => {
    await expect(
      environmentWith(cluster, RULES)
        .then(ABILITIES[ability])
        .then(() => "done", String),
    ).resolves.toBe("done");
  },
  LIMIT,
);

test.each<[string, Rules, Ability]>([
  ["list-jobs", without(RULES, "nomad", /"list-jobs",/), "runs a command in a container"],
  ["read-job", without(RULES, "nomad", /"read-job",/), "runs a command in a container"],
  ["alloc-exec", without(RULES, "nomad", /"alloc-exec",/), "runs a command in a container"],
  ["alloc-node-exec", without(RULES, "nomad", /"alloc-node-exec",/), "runs a command in a container"],
  ["alloc-lifecycle", without(RULES, "nomad", /"alloc-lifecycle",/), "replaces a container"],
  ["submit-job, for the size", without(RULES, "nomad", /"submit-job",/), "resizes a pool"],
  ["submit-job", without(RULES, "nomad", /"submit-job",/), "runs a command in a job of its own"],
  ["its tokens", without(RULES, "nomad", /path "nomad\/jobs[^}]*\}/), "reads its tokens"],
  // Whoever may read variables may list them: Nomad adds that by itself.
  ["read variables", variable("read"), "leases by Nomad's variables"],
  ["write variables", variable("write"), "leases by Nomad's variables"],
  ["destroy variables", variable("destroy"), "leases by Nomad's variables"],
  ["leases in Consul", without(RULES, "consul", /key_prefix "pools[^}]*\}/), "runs a command in a container"],
  ["services", without(RULES, "consul", /service_prefix[^}]*\}/), "runs a command in a container"],
  ["nodes", without(RULES, "consul", /node_prefix[^}]*\}/), "runs a command in a container"],
])(
  "without the right to %s it lacks something",
  async (_right, rules, ability) => {
    expect(await can(rules, ability)).toBe(false);
  },
  LIMIT,
);
