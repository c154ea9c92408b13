/** Constructs for cdktf: typed jobs as nomad_job, their regions, and what they need of Consul. */
export type { AllowedRule } from "./allowed";
export * from "./cluster";
export { Intentions, KeyValues, type KeyValuesProps, ServiceDefaults, ServiceResolver } from "./consul";
export type { IntentionsProps, ServiceDefaultsProps, ServiceProtocol, ServiceResolverProps } from "./consul";
export type { ConnectOptions, JobConstruct, JobService } from "./job-service";
export { NomadJob } from "./nomad-job";
export type { NomadJobProps } from "./nomad-job";
export { outputJobs } from "./outputs";
export { useNomadProvider } from "./provider-version";
export { consulProvider, nomadProvider } from "./providers";
export { RegionalJob } from "./regional-job";
export type { RegionalJobProps, RegionRendering } from "./regional-job";
export { StackRecord, type StackRecordProps } from "./stack-record";
export { problemsOf, synthesize } from "./synthesize";
export type { ProgramProblem } from "./synthesize";
export { runProgram } from "./run-program";
export { setStackCluster, setStackOwner, type StackCluster, type StackOwner } from "./stack-settings";
export { setTarget } from "./target";
