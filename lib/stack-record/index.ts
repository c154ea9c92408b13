/**
 * The record of a stack as it is written: which stack it is of, what stands in it, and the objects that it is laid out as. The construct that gives
 * it to Terraform and the commands that write it themselves share it, so that both write the same to the byte.
 */
export {
  inParts,
  layOut,
  partPath,
  PLACE_VARIABLES,
  RECORD_ROOT,
  recordPath,
  STACK_OWNERS,
  SUBMITTED_FOR,
  type RecordContent,
  type RecordedInConsul,
  type RecordedJob,
  type RecordedValue,
  type RecordedValues,
  type RecordEntry,
  type StackOwner,
} from "./content";
export {
  packageName,
  PROJECT_CONTEXT,
  projectIdentity,
  projectName,
  type NamedStackIdentity,
  type StackIdentity,
} from "./identity";
export { readRecordTexts, UnreadableRecord, without, type RecordedThings, type StackRecord } from "./read";
export { LARGEST_TEXT, tooLarge } from "./size";
export { holdsSecretForm, isRecordable, type RecordableVariable } from "./recordable";
