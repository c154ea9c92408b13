import fc from "fast-check";
import { UserError } from "../../lib/errors";
import {
  ApiError,
  ConsulClient,
  consulConnection,
  NomadClient,
  nomadConnection,
  type Registration,
} from "../../lib/nomad";
import {
  findDrift,
  liveNodes,
  previewStack,
  stackStatus,
  watchDeployment,
  type StackObject,
} from "../../lib/operations";
import {
  QUIET_STREAM,
  recorded,
  recordedJob,
  recordedNames,
  ReplayServer,
  type Answers,
  type Recorded,
} from "./replay";
import { Masking } from "../../lib/masking";

/** Something that was thrown and is no sentence for a person: a crash. */
export interface Crash {
  readonly what: string;
  readonly error: unknown;
}

/** One way to ask a server, and the endpoint that is asked. */
export interface Asking {
  /** Recorded endpoints whose answers are drawn from. */
  readonly recordedAs: RegExp;
  /** The endpoint under which a drawn answer is served. */
  readonly endpoint: string;
  readonly ask: (clients: DrawnClients) => Promise<unknown>;
}

export interface DrawnClients {
  readonly nomad: NomadClient;
  readonly consul: ConsulClient;
}

const ID = "a0000001-0000-4000-8000-000000000000";
const JOB = { ID: "web" };

/** Every endpoint that is used. */
export const ASKINGS: readonly Asking[] = [
  { recordedAs: /^GET \/v1\/jobs(\?prefix=.*)?$/, endpoint: "GET /v1/jobs", ask: ({ nomad }) => nomad.jobs() },
  { recordedAs: /^GET \/v1\/job\/[^/]+$/, endpoint: "GET /v1/job/web", ask: ({ nomad }) => nomad.job("web") },
  {
    recordedAs: /^GET \/v1\/job\/.+\/summary$/,
    endpoint: "GET /v1/job/web/summary",
    ask: ({ nomad }) => nomad.summary("web"),
  },
  {
    recordedAs: /^GET \/v1\/job\/.+\/versions/,
    endpoint: "GET /v1/job/web/versions",
    ask: ({ nomad }) => nomad.versions("web"),
  },
  {
    recordedAs: /^GET \/v1\/job\/.+\/submission/,
    endpoint: "GET /v1/job/web/submission",
    ask: ({ nomad }) => nomad.submission("web", 0),
  },
  {
    recordedAs: /^GET \/v1\/job\/.+\/allocations$/,
    endpoint: "GET /v1/job/web/allocations",
    ask: ({ nomad }) => nomad.allocations("web"),
  },
  {
    recordedAs: /^GET \/v1\/job\/.+\/evaluations$/,
    endpoint: "GET /v1/job/web/evaluations",
    ask: ({ nomad }) => nomad.evaluations("web"),
  },
  {
    recordedAs: /^GET \/v1\/job\/.+\/deployments$/,
    endpoint: "GET /v1/job/web/deployments",
    ask: ({ nomad }) => nomad.deployments("web"),
  },
  {
    recordedAs: /^GET \/v1\/evaluation\//,
    endpoint: `GET /v1/evaluation/${ID}`,
    ask: ({ nomad }) => nomad.evaluation(ID),
  },
  {
    recordedAs: /^GET \/v1\/deployment\/allocations\//,
    endpoint: `GET /v1/deployment/allocations/${ID}`,
    ask: ({ nomad }) => nomad.deploymentAllocations(ID),
  },
  {
    recordedAs: /^POST \/v1\/job\/.+\/plan/,
    endpoint: "POST /v1/job/web/plan",
    ask: ({ nomad }) => nomad.plan(JOB),
  },
  { recordedAs: /^PUT \/v1\/jobs/, endpoint: "PUT /v1/jobs", ask: ({ nomad }) => nomad.register(JOB) },
  {
    recordedAs: /^PUT \/v1\/job\/.+\/revert$/,
    endpoint: "PUT /v1/job/web/revert",
    ask: ({ nomad }) => nomad.revert("web", 0, 1),
  },
  {
    recordedAs: /^PUT \/v1\/deployment\/(promote|fail)\//,
    endpoint: `PUT /v1/deployment/promote/${ID}`,
    ask: ({ nomad }) => nomad.promote(ID),
  },
  { recordedAs: /^DELETE \/v1\/job\//, endpoint: "DELETE /v1/job/web", ask: ({ nomad }) => nomad.deregister("web") },
  {
    recordedAs: /^PUT \/v1\/validate\/job$/,
    endpoint: "PUT /v1/validate/job",
    ask: ({ nomad }) => nomad.validate(JOB),
  },
  { recordedAs: /^POST \/v1\/jobs\/parse$/, endpoint: "POST /v1/jobs/parse", ask: ({ nomad }) => nomad.parse("") },
  { recordedAs: /^GET \/v1\/nodes$/, endpoint: "GET /v1/nodes", ask: ({ nomad }) => nomad.readyNodes() },
  { recordedAs: /^GET \/v1\/node\/[^/]+$/, endpoint: `GET /v1/node/${ID}`, ask: ({ nomad }) => nomad.node(ID) },
  {
    recordedAs: /^GET \/v1\/node\/.+\/allocations$/,
    endpoint: `GET /v1/node/${ID}/allocations`,
    ask: ({ nomad }) => nomad.nodeAllocations(ID),
  },
  { recordedAs: /^GET \/v1\/regions$/, endpoint: "GET /v1/regions", ask: ({ nomad }) => nomad.regions() },
  {
    recordedAs: /^GET \/v1\/status\/leader$/,
    endpoint: "GET /v1/status/leader",
    ask: ({ nomad }) => nomad.leader(),
  },
  {
    recordedAs: /^GET \/v1\/client\/allocation\/.+\/checks$/,
    endpoint: `GET /v1/client/allocation/${ID}/checks`,
    ask: ({ nomad }) => nomad.allocationChecks(ID),
  },
  {
    recordedAs: /^GET \/v1\/allocations/,
    endpoint: "GET /v1/allocations",
    ask: ({ nomad }) => nomad.allAllocations(),
  },
  {
    recordedAs: /^GET \/v1\/catalog\/services$/,
    endpoint: "GET /v1/catalog/services",
    ask: ({ consul }) => consul.services(),
  },
  {
    recordedAs: /^GET \/v1\/health\/service\//,
    endpoint: "GET /v1/health/service/web",
    ask: ({ consul }) => consul.instances("web"),
  },
  {
    recordedAs: /^GET \/v1\/health\/state\/any/,
    endpoint: "GET /v1/health/state/any",
    ask: ({ consul }) => consul.checksOfServices("web"),
  },
  {
    recordedAs: /^GET \/v1\/service\//,
    endpoint: "GET /v1/service/web",
    ask: ({ nomad }) => nomad.serviceRegistrations("web"),
  },
  {
    recordedAs: /^GET \/v1\/agent\/checks$/,
    endpoint: "GET /v1/agent/checks",
    ask: ({ consul }) => consul.agentChecks(),
  },
  {
    recordedAs: /^GET \/v1\/kv\/.*recurse/,
    endpoint: "GET /v1/kv/app/",
    ask: ({ consul }) => consul.values("app/"),
  },
  { recordedAs: /^GET \/v1\/kv\/[^?]*$/, endpoint: "GET /v1/kv/app/a", ask: ({ consul }) => consul.value("app/a") },
  { recordedAs: /^GET \/v1\/kv\/.*keys/, endpoint: "GET /v1/kv/app/", ask: ({ consul }) => consul.keys("app/") },
  {
    recordedAs: /^GET \/v1\/config\//,
    endpoint: "GET /v1/config/service-defaults/web",
    ask: ({ consul }) => consul.configEntry("service-defaults", "web"),
  },
  {
    recordedAs: /^PUT \/v1\/kv\//,
    endpoint: "PUT /v1/kv/app/a",
    ask: ({ consul }) => consul.setValue("app/a", "b"),
  },
  {
    recordedAs: /^DELETE \/v1\/config\//,
    endpoint: "DELETE /v1/config/service-defaults/web",
    ask: ({ consul }) => consul.deleteConfigEntry("service-defaults", "web"),
  },
];

/** A part of an answer that is made null or taken away: one place, or every place with its name. */
interface Change {
  readonly at: number;
  readonly how: "null" | "gone";
  readonly everywhere: boolean;
}

const changes = fc.array(
  fc.record({ at: fc.nat(), how: fc.constantFrom("null" as const, "gone" as const), everywhere: fc.boolean() }),
  { minLength: 1, maxLength: 5 },
);

/** An answer with parts of it null or taken away, at any depth. */
function without(answer: unknown, drawn: readonly Change[]): unknown {
  const whole = { answer: structuredClone(answer) };
  for (const { at, how, everywhere } of drawn) {
    const places = placesOf(whole);
    const chosen = places[at % Math.max(1, places.length)];
    for (const { holder, key } of everywhere ? places.filter(({ key }) => key === chosen?.key) : chosen ? [chosen] : [])
      if (how === "null") holder[key] = null;
      else delete holder[key];
  }
  return whole.answer;
}

interface Place {
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

function placesOf(value: unknown, found: Place[] = []): Place[] {
  if (typeof value !== "object" || value === null) return found;
  // Elements of lists are made null, and not taken away: JSON has no holes.
  for (const [key, item] of Object.entries(value)) {
    if (!Array.isArray(value)) found.push({ holder: value as Record<string, unknown>, key });
    placesOf(item, found);
  }
  return found;
}

/** Servers whose answers are drawn, and clients of them. */
export class DrawnAnswers {
  readonly #nomad = new ReplayServer();
  readonly #consul = new ReplayServer();
  readonly #states: ReadonlyMap<string, Recorded> = new Map(recordedNames().map((name) => [name, recorded(name)]));

  async open(): Promise<this> {
    await Promise.all([this.#nomad.open(), this.#consul.open()]);
    return this;
  }

  async close(): Promise<void> {
    await Promise.all([this.#nomad.close(), this.#consul.close()]);
  }

  /** Draws answers of one endpoint. @returns those that crashed who read them */
  async readers(asking: Asking, runs: number): Promise<readonly Crash[]> {
    const bodies = [...this.#states.values()].flatMap(({ nomad, consul }) =>
      [...Object.entries(nomad), ...Object.entries(consul)].flatMap(([endpoint, answer]) =>
        asking.recordedAs.test(endpoint) &&
        typeof answer === "object" &&
        "body" in answer &&
        (answer.status ?? 200) === 200
          ? [answer.body]
          : [],
      ),
    );
    if (bodies.length === 0) throw new Error(`nothing is recorded for ${asking.endpoint}`);
    const drawn = fc.tuple(fc.constantFrom(...bodies), changes);
    return this.draw(drawn, runs, asking.endpoint, async ([body, taken], clients) => {
      const answers = { [asking.endpoint]: { body: without(body, taken) } };
      this.#nomad.reset(answers);
      this.#consul.reset(answers);
      await asking.ask(clients);
    });
  }

  /** Draws whole states with an answer that is not whole, and does with them what commands do. */
  async operations(runs: number): Promise<readonly Crash[]> {
    const states = [...this.#states.values()].filter(({ nomad }) => jobsOf(nomad).length > 0);
    const drawn = fc.tuple(fc.constantFrom(...states), fc.nat(), changes);
    return this.draw(drawn, runs, "operations", async ([state, which, taken], clients) => {
      const endpoints = Object.keys(state.nomad).filter((endpoint) => !endpoint.includes("/event/stream"));
      const broken = endpoints[which % endpoints.length] ?? "";
      const kept = state.nomad[broken];
      const answer = typeof kept === "object" && "body" in kept ? { ...kept, body: without(kept.body, taken) } : kept;
      const consul = Object.fromEntries(
        Object.entries(state.consul).map(([endpoint, kept]) => [
          endpoint,
          typeof kept === "object" && "body" in kept ? { ...kept, body: without(kept.body, taken) } : kept,
        ]),
      );
      this.#nomad.reset({ ...state.nomad, "GET /v1/event/stream": QUIET_STREAM, [broken]: answer ?? "reset" });
      this.#consul.reset(consul);
      await operate(state, clients);
    });
  }

  private async draw<T>(
    drawn: fc.Arbitrary<T>,
    runs: number,
    what: string,
    run: (value: T, clients: DrawnClients) => Promise<void>,
  ): Promise<readonly Crash[]> {
    const crashes: Crash[] = [];
    const clients = {
      nomad: new NomadClient(nomadConnection({ NOMAD_ADDR: this.#nomad.address })),
      consul: new ConsulClient(consulConnection({ CONSUL_HTTP_ADDR: this.#consul.address })),
    };
    try {
      for (const value of fc.sample(drawn, runs)) {
        const error = await run(value, clients).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        if (error !== undefined && !isSentence(error)) crashes.push({ what, error });
      }
    } finally {
      await Promise.all([clients.nomad.close(), clients.consul.close()]);
    }
    return crashes;
  }
}

/** What is told to a person without a stack. */
function isSentence(error: unknown): boolean {
  return error instanceof UserError || error instanceof ApiError;
}

/** What status, preview, drift, capacity and deploy do. What one of them says is wrong keeps no other from being tried. */
async function operate(state: Recorded, drawn: DrawnClients): Promise<void> {
  const clients = { ...drawn, masking: new Masking() };
  const [id = ""] = jobsOf(state.nomad);
  const job = { ...recordedJob(state, id) };
  const item: StackObject = { kind: "job", path: `dev/${id}`, job, after: [] };
  const contents = {
    objects: [item],
    terraformOnly: [],
    declared: { owner: "cdk-nomad" as const },
    sensitive: [],
    reached: [],
  };
  const registered = state.nomad["PUT /v1/jobs"];
  const begun = typeof registered === "object" && "body" in registered ? (registered.body as Registration) : undefined;
  const changes = { next: () => Promise.resolve(), close: () => undefined };
  const quiet = { onChange: () => undefined, changes, until: performance.now() - 1, placementPatience: -1 };
  const errors: unknown[] = [];
  for (const step of [
    () => stackStatus([item], clients),
    () => previewStack("dev", contents, clients),
    () => findDrift("dev", contents, clients),
    () => liveNodes(clients.nomad),
    () => watchDeployment(clients.nomad, job, begun ?? { EvalID: ID, JobModifyIndex: 10 }, { ...clients, ...quiet }),
  ])
    await step().catch((error: unknown) => errors.push(error));
  const crash = errors.find((error) => !isSentence(error));
  if (crash !== undefined) throw crash;
}

function jobsOf(answers: Answers): readonly string[] {
  return Object.entries(answers).flatMap(([endpoint, answer]) => {
    const [, id] = /^GET \/v1\/job\/([^/]+)$/.exec(endpoint) ?? [];
    return id !== undefined && typeof answer === "object" && "body" in answer && typeof answer.body === "object"
      ? [id]
      : [];
  });
}
