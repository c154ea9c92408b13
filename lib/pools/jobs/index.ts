/** The jobs of the pools, as typed classes: runtimes that are dispatched, warm pools, browsers in virtual machines, and sandboxes with slots. */
export { BrowserVmJob, type BrowserMachine, type BrowserVmJobProps } from "./browser-vm-job";
export { checkMachine, CONNECT, machineArguments, SCREEN_TASK, type QemuMachine } from "./qemu-machine";
export { DRIVERS, IN_DOCKER, type Execution } from "./execution";
export { PoolJob, type PoolJobProps } from "./pool-job";
export { PoolServiceJob, SERVICE_TOKENS, type PoolServiceJobProps } from "./pool-service-job";
export { KEY_VARIABLES, PROVIDERS, type Provider } from "./provider";
export {
  RuntimeJob,
  type RuntimeDispatch,
  type RuntimeJobProps,
  type RuntimeRequest,
  type WaitingRuntime,
} from "./runtime-job";
export { SlotPoolJob, type SlotPoolJobProps } from "./slot-pool-job";
export { SLOT_POOL_VARIABLES, slotPoolSettings, type SlotPoolSettings } from "./slot-pool-settings";
export { LARGEST_WARM_POOL, SHARED_META, WarmPoolJob, type WarmPoolJobProps } from "./warm-pool-job";
export { POOL_SERVICE_POLICIES } from "./pool-service-policies";
