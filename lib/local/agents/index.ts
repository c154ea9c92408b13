/** The agents of a cluster: which there are, on which ports, what they are started with, which live, and what a killed one left. */
export {
  addressOf,
  agentsOf,
  CLUSTER_MARK,
  dataOf,
  filesOf,
  isConfigurationFile,
  isConsulServer,
  isFirstNomad,
  namedAgents,
  NEW_VAULT,
  ONE_REGION,
  portOf,
  REGION_NAME,
  regionOfConsul,
  serviceLoginOf,
  vaultLoginOf,
  type Agent,
  type AgentFiles,
  type ConsulClientAgent,
  type NomadAgent,
  type VaultServer,
} from "./agents";
export { endAbandoned, endAgent, cleanUpFormer, endForgotten, inOrderOfEnd } from "./leftovers";
export { formerFolders, livingAgents, rememberedBy, type LivingAgent } from "./living-agents";
export { otherClusterFolderAt } from "./other-cluster";
export {
  dynamicPortsAt,
  holderOf,
  listensItself,
  LOOPBACK,
  portsAt,
  regionConsulPortsAt,
  regionPortsAt,
  takenPorts,
  type ConsulClientPorts,
  type Ports,
} from "./ports";
export { agentEnvironment, pathWith, startAgent, templateEnvironment } from "./start-agent";
export { readState, removeState, writeState, type ClusterState } from "./state";
