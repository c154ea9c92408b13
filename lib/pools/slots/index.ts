/** Slot pools: sandboxes that run the commands of several tasks at a time, each in a slot that is leased. */
export type {
  AcquireOptions,
  BatchItem,
  BatchResult,
  SandboxStatus,
  SlotHandle,
  SlotPoolProps,
  SlotPoolStatus,
  ToolCall,
} from "./options";
export { SlotPool } from "./slot-pool";
