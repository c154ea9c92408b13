/** What stacks brought, with what, as it is recorded beside a cluster's state. */
export {
  listRecords,
  readRecord,
  type ListedRecord,
  type RecordClients,
  type RecordList,
  type RecordPlace,
  type RecordState,
  type RecordStoreName,
} from "./read";
export { rememberedEnvironmentVariables, rememberedVariables, variablesAsBefore, type GivenInputs } from "./remembered";
export { recordedInConsul, refuseLargeRecord, desiredRecord, type DesiredRecord } from "./desired";
export { enterRecord, leaveRecord, removeRecord, settleRecord, type RecordWrite, type Settled } from "./write";
