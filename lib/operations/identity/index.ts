/** Which cluster it is that answers, and whether it is the one that a stack is for. */
export { refuseOtherThanDeclared } from "./declared";
export { identifyCluster, isSameCluster, regionAsked, type ClusterIdentity } from "./cluster-identity";
export { LastClusters, type LastCluster } from "./last-clusters";
export { refuseUnmeant, type MeantCluster } from "./meant-cluster";
