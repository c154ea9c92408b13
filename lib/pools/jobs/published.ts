/** The jobs of the pools as the package publishes them, by both of its doors that have them: to deploy them, and to lease their containers. */
export { BrowserVmJob, type BrowserMachine, type BrowserVmJobProps } from "./browser-vm-job";
export type { Execution } from "./execution";
export { PoolJob, type PoolJobProps } from "./pool-job";
export { POOL_SERVICE_POLICIES } from "./pool-service-policies";
export { PoolServiceJob, SERVICE_TOKENS, type PoolServiceJobProps } from "./pool-service-job";
export { PROVIDERS, type Provider } from "./provider";
export type { QemuMachine } from "./qemu-machine";
export {
  RuntimeJob,
  type RuntimeDispatch,
  type RuntimeJobProps,
  type RuntimeRequest,
  type WaitingRuntime,
} from "./runtime-job";
export { SlotPoolJob, type SlotPoolJobProps } from "./slot-pool-job";
export type { SlotPoolSettings } from "./slot-pool-settings";
export { WarmPoolJob, type WarmPoolJobProps } from "./warm-pool-job";
