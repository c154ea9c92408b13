/** For programs that hold models and make something else of them: what they are made of, what tells tokens, and when to render again. */
export {
  apiPathOf,
  definitionOf,
  checkProps,
  holdsSecret,
  isEmptyValue,
  isResolvable,
  modelEdits,
  NO_SECRET,
  ReadableError,
  TOKEN_IN_STRING,
  TOKEN_LIST_ELEMENT,
  wayTo,
  type ApiPath,
  type BlockDefinition,
  type Field,
  type Way,
} from "./engine";
export { withoutDefaults } from "./defaults";
export {
  aroundElements,
  aroundKey,
  DEEPEST,
  isPlainlyNoSecret,
  isPlainWords,
  isSecretHere,
  isSecretName,
  isSecretPair,
  isSentence,
  NOTHING_AROUND,
  secretSpans,
  suspicionOf,
  type Around,
  type SecretSpan,
  type Suspicion,
  type TextKind,
} from "./secrets";
export { countOf, literalsAmong, matchExpression, UPDATE_DEFAULTS, updateOf } from "./rules";
export { POOL_META, poolOf } from "./pool";
export { blockKinds } from "./block-kinds";
export { matchSource, sourceBlocks, toHcl, type SourceBlock } from "./hcl";
