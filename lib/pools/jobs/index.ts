/** The jobs of the pools, as typed classes: runtimes that are dispatched, warm pools, browsers in virtual machines, and sandboxes with slots. */
export * from "./published";
export { checkMachine, CONNECT, machineArguments, SCREEN_TASK } from "./qemu-machine";
export { DRIVERS, IN_DOCKER } from "./execution";
export { KEY_VARIABLES } from "./provider";
export { SLOT_POOL_VARIABLES, slotPoolSettings } from "./slot-pool-settings";
export { LARGEST_WARM_POOL, SHARED_META } from "./warm-pool-job";
