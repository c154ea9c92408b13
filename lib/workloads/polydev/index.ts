/** The jobs of Polydev: runtimes that are dispatched, warm pools, and browsers in virtual machines. */
export { BrowserVmJob, type BrowserMachine, type BrowserVmJobProps } from "./browser-vm-job";
export type { Execution } from "./execution";
export { Polydev, type PolydevProps } from "./polydev";
export { PROVIDERS, type Provider } from "./provider";
export { RuntimeJob, type RuntimeDispatch, type RuntimeJobProps, type RuntimeRequest } from "./runtime-job";
export { WarmPoolJob, type WarmPoolJobProps } from "./warm-pool-job";
