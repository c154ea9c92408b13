/** Slot pools: sandboxes that run the commands of several tasks at a time, each in a slot that is leased. */
export type {
  AcquireOptions,
  BatchItem,
  BatchResult,
  SandboxStatus,
  SlotHandle,
  SlotPoolByJob,
  SlotPoolByName,
  SlotPoolOptions,
  SlotPoolCommon,
  SlotPoolStatus,
  ToolCall,
} from "./options";
export type { SandboxState } from "./pooled-sandbox";
export { allocationOf, sandboxSlotOf, type SandboxSlot } from "./slot-key";
export { SlotPool } from "./slot-pool";
