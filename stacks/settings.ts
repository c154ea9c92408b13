import type { Duration, Memory, RegionRendering, StackCluster, StackOwner, Vault } from "../lib";

/** What one group of Prism is in an environment. */
export interface GroupSettings {
  /** Allocations; in an environment with regions, 0 stands for each region's own count. */
  readonly count: number;
  /** CPU share in MHz. */
  readonly cpu: number;
  /** Memory that is reserved. */
  readonly memory: Memory;
  /** Memory that it may burst to. Default: what is reserved. */
  readonly memoryMax?: Memory;
  /** Canaries of an update. Default: none. */
  readonly canaries?: number;
}

/** Where the programs of an environment come from. */
export type ProgramSettings =
  | {
      readonly kind: "processes";
      /** The folder of Prism's own programs. Default: PRISM_BIN_DIR; stand-ins for those that are not found. */
      readonly binDir?: string;
      /** The proxy that keyvalue-runner works for. Default: none, it serves a namespace in memory. */
      readonly proxy?: string;
    }
  | {
      readonly kind: "images";
      /** What stands before the image names, with its slash. */
      readonly registry: string;
      /**
       * The tag where nobody says another at deploy time; never `latest`, which Nomad would pull before every start. Default: none, so that whoever
       * deploys has to say it.
       */
      readonly version?: string;
      /** `host`: the containers use the node's network, as one machine needs it. Default: Docker's own, with mapped ports. */
      readonly network?: "host";
      /** The image of the task that waits for another service. Default: busybox:1.37. */
      readonly shellImage?: string;
    };

/** Where Terraform keeps the state of an environment. */
export type BackendSettings = { readonly kind: "local" } | { readonly kind: "consul"; readonly path: string };

/** One region of an environment. */
export interface RegionSettings {
  readonly name: string;
  /** Allocations of each group whose count is 0. */
  readonly count: number;
  readonly datacenters: readonly string[];
}

/** What Polydev is in an environment. */
export interface PolydevSettings {
  /** Where commands and pools run; `auto` takes containers where the Docker of this machine has the job's images, else processes. */
  readonly execution: "containers" | "processes" | "auto";
  /** What browsers run in. */
  readonly machine: "firecracker" | "qemu" | "process";
  /** How many wait for each provider, where WARM_POOL_<PROVIDER>_SIZE says nothing. */
  readonly warmPool: number;
  /** Browsers that stand ready. */
  readonly browsers: number;
  /** Whether the providers' keys are kept in Nomad variables, `nomad/jobs/runtime-<provider>`, key `api_key`. */
  readonly keysInVariables: boolean;
}

/** What the slot pool is in an environment. */
export interface HermesSettings {
  /** What runs the sandboxes; `auto` takes Docker where that of this machine has the image, else processes. */
  readonly driver: "docker" | "singularity" | "raw_exec" | "auto";
  /** Slots of each sandbox. */
  readonly slots: number;
  /** What may keep the slots apart. Default: bubblewrap, or a user for each slot. */
  readonly isolation?: readonly ("bubblewrap" | "user" | "none")[];
  /** The fewest sandboxes. */
  readonly min: number;
  /** The most. */
  readonly max: number;
}

/** What the pools' service is in an environment. */
export interface ServiceSettings {
  /** `auto` takes a container where the Docker of this machine has the image, else a process. */
  readonly execution: "container" | "process" | "auto";
  /** `node`: whoever reaches the node; `loopback`: whoever is on it. */
  readonly reachable: "node" | "loopback";
  /** Where its tokens are: in the project's private folder, where `cdk-nomad deploy` makes one, or in the variable `nomad/jobs/pool-service`. */
  readonly tokens: "project" | "variable";
}

/** An environment, as plain data. One class turns it into a stack. */
export interface EnvironmentSettings {
  /** The stack's id, and the environment's part of the KV prefix. */
  readonly name: string;
  /** Who brings it: `terraform`, with its state and its lock, or `cdk-nomad` as well. */
  readonly owner: StackOwner;
  /** The cluster that it is for. Default: the one that it was brought to the last time. */
  readonly cluster?: StackCluster;
  readonly datacenters: readonly string[];
  readonly backend: BackendSettings;
  readonly programs: ProgramSettings;
  /** Added to every port. Default: CDK_NOMAD_PORT_OFFSET, else 0. */
  readonly portOffset?: number;
  readonly admin: GroupSettings;
  readonly launcher: GroupSettings;
  readonly keyvalue: GroupSettings;
  readonly update: {
    readonly maxParallel: number;
    readonly minHealthyTime: Duration;
    readonly healthyDeadline: Duration;
    readonly autoRevert: boolean;
    /** Whether healthy canaries are promoted by themselves. Default: false. */
    readonly autoPromote?: boolean;
  };
  /** Regions, in the order in which they are rolled out. Default: the cluster's own. */
  readonly regions?: {
    readonly list: readonly RegionSettings[];
    /** Regions at a time. */
    readonly maxParallel: number;
    readonly onFailure: "fail_all" | "fail_local";
    /** Default: fanOut. */
    readonly rendering?: RegionRendering;
  };
  /** The jobs of Polydev. */
  readonly polydev: PolydevSettings;
  /** The service that hands Polydev's pools out over HTTP. */
  readonly service: ServiceSettings;
  /** The slot pool of Hermes; what the environment variables TERMINAL_NOMAD_… say counts before it. */
  readonly hermes: HermesSettings;
  /** The admin's database password, from Vault. Default: none. */
  readonly databaseSecret?: { readonly vault: Vault; readonly path: string };
  /** Whether services may call only whom they are allowed to. */
  readonly denyByDefault: boolean;
  /** How much is logged where nobody says it at deploy time. */
  readonly logLevel: "debug" | "info" | "warn" | "error";
}
