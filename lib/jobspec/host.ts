/** For programs that hold models and make something else of them: what they are made of and what tells tokens. */
export { isRuleId } from "./catalog";
export {
  ANYTHING,
  apiPathOf,
  definitionOf,
  describe,
  checkProps,
  FLAG,
  NUMBER,
  OBJECT,
  OBJECTS,
  listOf,
  objectBy,
  objectOf,
  oneOfTexts,
  propKind,
  propsOfBlock,
  required,
  TEXT,
  TEXT_MAP,
  TEXTS,
  type PropKind,
  type PropKinds,
  holdsSecret,
  isEmptyValue,
  isKnown,
  isPlainObject,
  isResolvable,
  nearestOf,
  NO_SECRET,
  TOKEN_IN_STRING,
  ScaledToken,
  TOKEN_MAP_KEY,
  UNRESOLVED_BEGIN,
  wayTo,
  type ApiPath,
  type BlockDefinition,
  type CheckContext,
  type Field,
  type Place,
  type Way,
} from "./engine";
export { jsonDepth, jsonExtent } from "./json-depth";
export type { GroupApi, JobApi, NetworkApi, ServiceApi, TaskApi, UpdateApi } from "./api";
export {
  countIn,
  effective,
  effectiveOf,
  isImplied,
  unwrittenIn,
  usualUpdate,
  withoutDefaults,
  type EffectiveGroup,
  type EffectiveJob,
  type EffectiveTask,
  type EffectiveUpdate,
  type Unwritten,
} from "./effective";
export { isSecretName, isSecretPair, secretSpans, type TextKind } from "./secrets";
export {
  countOf,
  isKnownVersion,
  isVersion,
  literalsAmong,
  matchExpression,
  NEWEST_NOMAD,
  targetOf,
  unknownDriverOptions,
  updateOf,
  hasManualCanary,
} from "./rules";
export { POOL_META, poolOf } from "./pool";
export { blockKinds } from "./block-kinds";
export { isKnownDriver, KNOWN_DRIVERS } from "./drivers/host";
export { nameInHcl, snakeCase, toHcl } from "./hcl";
