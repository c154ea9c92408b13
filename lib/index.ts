/** cdk-nomad: Nomad jobs as typed classes, and constructs that deploy them. */
export * from "./constructs";
export { IMAGE_TAG, imagesOf, STAND_IN } from "./job-parts";
export * from "./jobspec";
export {
  BrowserVmJob,
  POOL_SERVICE_POLICIES,
  PoolJob,
  PoolServiceJob,
  PROVIDERS,
  RuntimeJob,
  SERVICE_TOKENS,
  SLOT_POOL_VARIABLES,
  SlotPoolJob,
  slotPoolSettings,
  WarmPoolJob,
  type BrowserMachine,
  type BrowserVmJobProps,
  type Execution,
  type PoolJobProps,
  type PoolServiceJobProps,
  type Provider,
  type QemuMachine,
  type RuntimeDispatch,
  type RuntimeJobProps,
  type RuntimeRequest,
  type SlotPoolJobProps,
  type SlotPoolSettings,
  type WaitingRuntime,
  type WarmPoolJobProps,
} from "./pools/jobs";
export * from "./workloads";
