import * as v from "valibot";
import { Duration, Memory, Vault } from "../lib";

/*
 * What an environment may say: one schema, which is its type too. What a job may not be is said by the rules of jobs, at the
 * place in the job, and by nobody here.
 */

const whole = v.pipe(v.number("write a whole number"), v.integer("write a whole number"));
const count = v.pipe(whole, v.minValue(0, "is negative; write 0 or more"));
const name = v.pipe(v.string("write a text"), v.regex(/^[a-z0-9][a-z0-9-]*$/, "write letters, digits and dashes"));
const text = v.pipe(v.string("write a text"), v.nonEmpty("is empty; write a text"));
const flag = v.boolean("write true or false");
const duration = v.instance(
  Duration as unknown as new () => Duration,
  "write a Duration, such as Duration.seconds(10)",
);
const memory = v.instance(Memory as unknown as new () => Memory, "write a Memory, such as Memory.mebibytes(256)");

/** A setting that is one of a few words. */
function oneOf<const T extends readonly string[]>(...words: T) {
  const quoted = words.map((word) => `"${word}"`);
  return v.picklist(words, `write ${[quoted.slice(0, -1).join(", "), quoted.at(-1)].join(" or ")}`);
}

/** What one group of Prism is in an environment. */
const group = v.strictObject({
  /** Allocations; in an environment with regions, 0 stands for each region's own count. */
  count: whole,
  /** CPU share in MHz. */
  cpu: whole,
  /** Memory that is reserved. */
  memory,
  /** Memory that it may burst to. Default: what is reserved. */
  memoryMax: v.optional(memory),
  /** Canaries of an update. Default: none. */
  canaries: v.optional(whole),
});

/** Programs that run as processes of the node. */
const processes = v.strictObject({
  kind: v.literal("processes"),
  /** The folder of Prism's own programs. Default: PRISM_BIN_DIR; stand-ins for those that are not found. */
  binDir: v.optional(text),
  /** The proxy that keyvalue-runner works for. Default: none, it serves a namespace in memory. */
  proxy: v.optional(text),
});

const fixedTag = v.pipe(
  text,
  v.check((tag) => tag !== "latest", 'would be pulled by Nomad before every start; write a fixed tag, such as "1.4.2"'),
);

/** Programs that run in containers. */
const images = v.strictObject({
  kind: v.literal("images"),
  /** What stands before the image names, with its slash. */
  registry: v.string("write a text"),
  /**
   * The tag where nobody says another at deploy time; never `latest`, which Nomad would pull before every start. Default: none, so that whoever
   * deploys has to say it.
   */
  version: v.optional(fixedTag),
  /** `host`: the containers use the node's network, as one machine needs it. Default: Docker's own, with mapped ports. */
  network: v.optional(v.literal("host", 'write "host", or leave it out')),
  /** The image of the task that waits for another service. Default: busybox:1.37. */
  shellImage: v.optional(text),
});

/** One region of an environment. */
const region = v.strictObject({
  name,
  /** Allocations of each group whose count is 0. */
  count: whole,
  datacenters: v.array(text),
});

/** What Polydev is in an environment. */
const polydev = v.strictObject({
  /** Where commands and pools run; `auto` takes containers where the Docker of this machine has the job's images, else processes. */
  execution: oneOf("containers", "processes", "auto"),
  /** What browsers run in. */
  machine: oneOf("firecracker", "qemu", "process"),
  /** How many wait for each provider, where WARM_POOL_<PROVIDER>_SIZE says nothing. */
  warmPool: count,
  /** Browsers that stand ready. */
  browsers: v.pipe(count, v.maxValue(100, "is more than there are addresses for; write 100 or less")),
  /** Whether the providers' keys are kept in Nomad variables, `nomad/jobs/runtime-<provider>`, key `api_key`. */
  keysInVariables: flag,
});

/** What the slot pool is in an environment. */
const hermes = v.pipe(
  v.strictObject({
    /** What runs the sandboxes; `auto` takes Docker where that of this machine has the image, else processes. */
    driver: oneOf("docker", "singularity", "raw_exec", "auto"),
    /** Slots of each sandbox. */
    slots: v.pipe(count, v.minValue(1, "write 1 or more")),
    /** What may keep the slots apart. Default: bubblewrap, or a user for each slot. */
    isolation: v.optional(v.array(oneOf("bubblewrap", "user", "none"))),
    /** The fewest sandboxes. */
    min: count,
    /** The most. */
    max: v.pipe(count, v.minValue(1, "write 1 or more")),
  }),
  v.forward(
    v.check(({ min, max }) => max >= min, "is less than min; write as many or more"),
    ["max"],
  ),
);

/** What the pools' service is in an environment. */
const service = v.strictObject({
  /** `auto` takes a container where the Docker of this machine has the image, else a process. */
  execution: oneOf("container", "process", "auto"),
  /** `node`: whoever reaches the node; `loopback`: whoever is on it. */
  reachable: oneOf("node", "loopback"),
  /** Where its tokens are: in the project's private folder, where `cdk-nomad deploy` makes one, or in the variable `nomad/jobs/pool-service`. */
  tokens: oneOf("project", "variable"),
});

/** The highest port of an environment. */
const HIGHEST_PORT = 9093;

/** An environment, as plain data. One class turns it into a stack. */
export const settingsSchema = v.strictObject({
  /** The stack's id, and the environment's part of the KV prefix. */
  name,
  /** Who brings it: `terraform`, with its state and its lock, or `cdk-nomad` as well. */
  owner: oneOf("terraform", "cdk-nomad"),
  /** The cluster that it is for. Default: the one that it was brought to the last time. */
  cluster: v.optional(
    v.strictObject({
      address: v.optional(text),
      region: v.optional(text),
      consulDatacenter: v.optional(text),
      consulId: v.optional(text),
    }),
  ),
  datacenters: v.pipe(v.array(text, "write a list"), v.nonEmpty('is empty; write a datacenter, or "*" for any')),
  /** Where Terraform keeps its state. */
  backend: v.variant(
    "kind",
    [v.strictObject({ kind: v.literal("local") }), v.strictObject({ kind: v.literal("consul"), path: text })],
    'write "local" or "consul"',
  ),
  /** Where its programs come from. */
  programs: v.variant("kind", [processes, images], 'write "processes" or "images"'),
  /** Added to every port. Default: CDK_NOMAD_PORT_OFFSET, else 0. */
  portOffset: v.optional(
    v.pipe(
      count,
      v.maxValue(65535 - HIGHEST_PORT, `write ${65535 - HIGHEST_PORT} or less, so that every port stays below 65536`),
    ),
  ),
  admin: group,
  launcher: group,
  keyvalue: group,
  update: v.strictObject({
    maxParallel: whole,
    minHealthyTime: duration,
    healthyDeadline: duration,
    autoRevert: flag,
    /** Whether healthy canaries are promoted by themselves. Default: false. */
    autoPromote: v.optional(flag),
  }),
  /** Regions, in the order in which they are rolled out. Default: the cluster's own. */
  regions: v.optional(
    v.strictObject({
      list: v.pipe(v.array(region), v.nonEmpty("is empty; write a region, or leave regions out")),
      /** Regions at a time. */
      maxParallel: whole,
      onFailure: oneOf("fail_all", "fail_local"),
      /** Default: fanOut. */
      rendering: v.optional(oneOf("fanOut", "enterprise")),
    }),
  ),
  /** The jobs of Polydev. */
  polydev,
  /** The service that hands Polydev's pools out over HTTP. */
  service,
  /** The slot pool of Hermes; what the environment variables TERMINAL_NOMAD_… say counts before it. */
  hermes,
  /** The admin's database password, from Vault. Default: none. */
  databaseSecret: v.optional(v.strictObject({ vault: v.instance(Vault), path: text })),
  /** Whether services may call only whom they are allowed to. */
  denyByDefault: flag,
  /** How much is logged where nobody says it at deploy time. */
  logLevel: oneOf("debug", "info", "warn", "error"),
});

/** The same settings, which nothing changes. */
type Settled<T> = T extends Duration | Memory | Vault
  ? T
  : T extends readonly (infer E)[]
    ? readonly Settled<E>[]
    : T extends object
      ? { readonly [K in keyof T]: Settled<T[K]> }
      : T;

/** An environment, as plain data. */
export type EnvironmentSettings = Settled<v.InferOutput<typeof settingsSchema>>;
/** What one group of Prism is in an environment. */
export type GroupSettings = Settled<v.InferOutput<typeof group>>;
