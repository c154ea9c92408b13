/** The slot pool of Hermes: sandboxes that run the commands of several tasks each. */
export { slotPoolSettings, type SlotPoolSettings } from "./settings";
export { SlotPoolJob, type SlotPoolJobProps } from "./slot-pool-job";
