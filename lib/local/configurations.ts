import { CONSUL_AUDIENCE, type ClusterKeys, type Tokens } from "./access";
import {
  CLUSTER_MARK,
  isFirstNomad,
  LOOPBACK,
  ONE_REGION,
  regionOfConsul,
  serviceLoginOf,
  vaultLoginOf,
  type Agent,
  type AgentFiles,
  type ConsulClientAgent,
  type ConsulClientPorts,
  type NomadAgent,
  type Ports,
} from "./agents";
import { smallChroot, type Machine } from "./machine";
import { VAULT_AUDIENCE, vaultConfig, WORKLOADS } from "./vault";

/** What Nomad keeps from tasks by default of its own environment. https://developer.hashicorp.com/nomad/docs/configuration/client#env-denylist */
const KEPT_FROM_TASKS =
  "CONSUL_TOKEN CONSUL_HTTP_TOKEN CONSUL_HTTP_TOKEN_FILE NOMAD_TOKEN VAULT_TOKEN CONSUL_LICENSE NOMAD_LICENSE VAULT_LICENSE CONSUL_LICENSE_PATH NOMAD_LICENSE_PATH VAULT_LICENSE_PATH AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_METADATA_URL GOOGLE_APPLICATION_CREDENTIALS GOOGLE_OAUTH_ACCESS_TOKEN".split(
    " ",
  );

/** How long a Nomad signs identities with one key: as long as its certificate holds, ten years. Nomad's default is thirty days. */
const KEYS_HOLD = "87600h";

/** What an agent is configured with beside what it is. */
export interface AgentSettings {
  readonly files: AgentFiles;
  readonly machine: Machine;
  /** The version of its program. */
  readonly version: string;
  /** The region whose Nomad the others follow. */
  readonly firstRegion: string;
  /** What all that runs in its container may have of memory, in MiB. Default: all that the machine has */
  readonly memoryLimit?: number;
  /** Where it is told, the agent refuses whoever has none. */
  readonly tokens?: Tokens;
  /** By what it knows the other agents, and speaks with nobody else. Default: it speaks with everybody */
  readonly keys?: ClusterKeys;
  /**
   * Whether a Nomad is a server alone for now, which answers on its HTTP port too only whoever has the cluster's certificate. Default: false
   */
  readonly guarded?: boolean;
}

/**
 * Whether an agent runs in its program's dev mode, in which nothing is kept on the disk; nothing has to outlive the agents. A client of Consul has no such mode. Nomad's
 * answers profiles (`/debug/pprof`) to everybody, whatever its configuration says, so the Nomads of a closed cluster run without it.
 */
export function isDev(agent: Agent, closed: boolean): boolean {
  if (agent.program === "nomad") return !closed;
  return agent.program === "consul" && agent.server === undefined;
}

/** The configuration of an agent, as its program reads it. */
export function configOf(agent: Agent, settings: AgentSettings): object {
  if (agent.program === "nomad") return nomadConfig(agent, settings);
  if (agent.program === "vault") return vaultConfig(agent, settings.files, settings);
  return agent.server ? consulClientConfig(agent, settings) : consulConfig(agent.ports, settings);
}

/** Consul's access control. https://developer.hashicorp.com/consul/docs/agent/config/config-files#acl */
function consulAccess(tokens: Tokens | undefined, own: (tokens: Tokens) => object) {
  return tokens ? { acl: { enabled: true, default_policy: "deny", tokens: own(tokens) } } : {};
}

/** How Consul's agents know each other. https://developer.hashicorp.com/consul/docs/agent/config/config-files#tls_internal_rpc */
function consulPeers({ caFile, certFile, keyFile, gossip }: ClusterKeys) {
  const verified = { verify_incoming: true, verify_outgoing: true, verify_server_hostname: true };
  return {
    encrypt: gossip.consul,
    tls: { internal_rpc: { ca_file: caFile, cert_file: certFile, key_file: keyFile, ...verified } },
  };
}

/** How Nomad's agents know each other. https://developer.hashicorp.com/nomad/docs/configuration/tls */
function nomadTls({ caFile, certFile, keyFile }: ClusterKeys, guarded: boolean) {
  return {
    tls: {
      http: guarded,
      rpc: true,
      verify_server_hostname: true,
      // Of whoever asks by HTTPS.
      verify_https_client: true,
      ca_file: caFile,
      cert_file: certFile,
      key_file: keyFile,
    },
  };
}

/** What every Consul agent of a cluster has: loopback only, in a folder of its own. */
function consulOnLoopback(
  name: string,
  ports: ConsulClientPorts,
  { files, keys }: Pick<AgentSettings, "files" | "keys">,
  ownPorts: object,
) {
  return {
    node_name: name,
    datacenter: "dc1",
    data_dir: files.data,
    bind_addr: LOOPBACK,
    client_addr: LOOPBACK,
    ports: {
      http: ports["Consul HTTP"],
      grpc: ports["Consul gRPC"],
      grpc_tls: -1,
      serf_lan: ports["Consul Serf"],
      serf_wan: -1,
      ...ownPorts,
    },
    ...(keys ? consulPeers(keys) : {}),
    enable_debug: false,
    disable_update_check: true,
    log_level: "info",
  };
}

/** Consul as one server on loopback. https://developer.hashicorp.com/consul/docs/agent/config */
function consulConfig(ports: Ports, settings: AgentSettings) {
  const { version, tokens } = settings;
  return {
    ...consulOnLoopback("local", ports, settings, { dns: ports["Consul DNS"], server: ports["Consul server"] }),
    connect: { enabled: true },
    // Other clusters are not peers of this one; their port would be the one that everybody may call.
    ...(isAtLeast(version, 1, 14) ? { peering: { enabled: false } } : {}),
    ui_config: { enabled: true },
    ...consulAccess(tokens, ({ consul }) => ({ initial_management: consul, agent: consul })),
    // Who may reach whom in the mesh, intentions say: where there are none everybody may, closed or not.
    ...(tokens && isAtLeast(version, 1, 18) ? { default_intention_policy: "allow" } : {}),
  };
}

/** Consul as a client of the server, for the services of one region's Nomad. */
function consulClientConfig(agent: ConsulClientAgent, settings: AgentSettings) {
  const { ports, server } = agent;
  return {
    ...consulOnLoopback(`local-${regionOfConsul(agent)}`, ports, settings, { dns: -1 }),
    server: false,
    retry_join: [`${LOOPBACK}:${server["Consul Serf"]}`],
    retry_interval: "1s",
    // Whoever asks the server for a check of this region is told its last output too.
    check_update_interval: "1s",
    ...consulAccess(settings.tokens, ({ consulAgent }) => ({ agent: consulAgent })),
  };
}

/** Nomad as one server and client on loopback. https://developer.hashicorp.com/nomad/docs/configuration */
function nomadConfig(agent: NomadAgent, settings: AgentSettings) {
  const { files, machine, version, firstRegion, memoryLimit, tokens, keys, guarded = false } = settings;
  const { region, ports, consul, vault, dynamicPorts, joins } = agent;
  // What stands in the root of a task of the exec driver; without it, all of /usr.
  const chroot = smallChroot(machine);
  return {
    name: isFirstNomad(agent) ? "local" : `local-${region}`,
    region,
    datacenter: datacenterOf(region),
    data_dir: files.data,
    bind_addr: LOOPBACK,
    advertise: { http: LOOPBACK, rpc: LOOPBACK, serf: LOOPBACK },
    ports: { http: ports["Nomad HTTP"], rpc: ports["Nomad RPC"], serf: ports["Nomad Serf"] },
    server: {
      enabled: true,
      bootstrap_expect: 1,
      default_scheduler_config: { memory_oversubscription_enabled: true },
      // Before it leads: what it does not find then, the policies of the first region, it looks for again half a minute later.
      ...(joins ? { server_join: { retry_join: [`${LOOPBACK}:${joins["Nomad Serf"]}`], retry_interval: "1s" } } : {}),
      ...(tokens ? { authoritative_region: firstRegion } : {}),
      ...(keys ? { encrypt: keys.gossip.nomad } : {}),
      // Consul and the server of secrets are told the keys, and not again by themselves: see identity-keys.
      ...(givesIdentities(version) ? { root_key_rotation_threshold: KEYS_HOLD } : {}),
    },
    ...(tokens ? { acl: { enabled: true, ...(joins ? { replication_token: tokens.nomad } : {}) } } : {}),
    client: {
      // A node that comes before the keys of its server is refused, and asks again only after 15 to 30 seconds.
      enabled: !guarded,
      // As in dev mode.
      gc_interval: "10m",
      gc_disk_usage_threshold: 99,
      gc_inode_usage_threshold: 99,
      network_interface: machine.platform === "darwin" ? "lo0" : "lo",
      servers: [`${LOOPBACK}:${ports["Nomad RPC"]}`],
      ...dynamicPorts,
      // Where Nomad's own document has them put, and where Debian's package puts them: networks of mode bridge, and so sidecars, need them.
      ...(machine.platform === "linux" ? { cni_path: "/opt/cni/bin:/usr/lib/cni" } : {}),
      // Nomad sees the memory of the machine alone, and would place more than its container may have.
      ...(memoryLimit === undefined ? {} : { memory_total_mb: memoryLimit }),
      ...(chroot ? { chroot_env: chroot } : {}),
      // Asking the clouds whether this is one of theirs takes seconds, and fails where AWS_CA_BUNDLE is set.
      options: {
        "fingerprint.denylist": "env_aws,env_gce,env_azure,env_digitalocean",
        // A task is no agent, whatever it does with its environment.
        "env.denylist": [...KEPT_FROM_TASKS, CLUSTER_MARK].join(","),
        "driver.docker.volumes": "true",
      },
    },
    plugin: [{ raw_exec: [{ config: [{ enabled: true }] }] }],
    consul: {
      address: `${LOOPBACK}:${consul["Consul HTTP"]}`,
      grpc_address: `${LOOPBACK}:${consul["Consul gRPC"]}`,
      ...(tokens ? { token: tokens.nomadAgent, ...(givesIdentities(version) ? identities(agent) : {}) } : {}),
    },
    ...(vault
      ? {
          vault: {
            enabled: true,
            address: `${keys ? "https" : "http"}://${LOOPBACK}:${vault["Vault HTTP"]}`,
            ...(keys ? { ca_file: keys.caFile } : {}),
            jwt_auth_backend_path: vaultLoginOf(agent),
            create_from_role: WORKLOADS,
            default_identity: { aud: [VAULT_AUDIENCE], ttl: "1h" },
          },
        }
      : {}),
    // Metrics have the names of jobs, and Nomad shows them to everybody.
    ...(keys ? { ...nomadTls(keys, guarded), telemetry: { filter_default: false } } : {}),
    enable_debug: false,
    disable_anonymous_signature: true,
    disable_update_check: true,
    log_level: "INFO",
  };
}

/** Whether a Nomad of a version gives services and tasks identities; an older one registers services with its own token. */
export function givesIdentities(version: string): boolean {
  return isAtLeast(version, 1, 7);
}

function isAtLeast(version: string, major: number, minor: number): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split(".").map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

/**
 * The identities that services, and tasks with a `consul` block, get by themselves, and how they log in with them.
 *
 * @see https://developer.hashicorp.com/nomad/docs/configuration/consul#parameters-for-clients-and-servers
 */
function identities(agent: NomadAgent) {
  const identity = { aud: [CONSUL_AUDIENCE], ttl: "1h" };
  const method = serviceLoginOf(agent);
  return {
    service_identity: identity,
    task_identity: identity,
    service_auth_method: method,
    task_auth_method: method,
  };
}

/** The datacenter of a region's one node, called as clouds call the first zone of a region. */
function datacenterOf(region: string): string {
  return region === ONE_REGION[0] ? "dc1" : `${region}-1a`;
}
