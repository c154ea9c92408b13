/** cdk-nomad: Nomad jobs as typed classes, and constructs that deploy them. */
export * from "./constructs";
export * from "./jobspec";
export * from "./workloads";
