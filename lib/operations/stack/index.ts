/** A program, run, and what its stacks want. */
export { runChild } from "./child-program";
export { namesToWrite } from "./nearest";
export { evaluateTemplate, NeedsTerraform, type TerraformValue } from "./expression";
export {
  readContents,
  readDeclaration,
  readForeignContents,
  readStack,
  refuseTerraformOnly,
  stackNames,
  type DeclaredCluster,
  type DeclaredStack,
  type ForeignContents,
  type Rollout,
  type StackContents,
  type StackDeclaration,
  type StackInput,
  type TerraformOnly,
  type VariableValue,
  type StackObject,
} from "./stack-file";
export type { SynthesizedRecord } from "./record-resources";
export { allocationsOf } from "./stack-shape";
export { synthesisFolder, withRunFolder } from "./run-folder";
export type { SensitiveText } from "./sensitive";
export { synthesizeProject, withSynthesis, type SynthesisOptions } from "./synthesis";
export { variableValues, type VariableDeclaration } from "./variables";
export { FOREIGN_LIMITS } from "./limits";
