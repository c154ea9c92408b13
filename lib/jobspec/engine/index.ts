/** One definition per block: the machinery that makes types, rendering, reading and checks out of it. */
export { apiPathOf, wayTo, type ApiPath, type Way } from "./api-path";
export type { ApiNameOf, ApiOf, EffectiveOf, HasDefault, Part } from "./api-of";
export { Block, blockOf, definitionOf, eachProperty } from "./block";
export type { BlockClass, BlockOptions, PropsOf } from "./block";
export type { BlockDefinition, BlockInfo } from "./definition";
export type { Fault } from "./fault";
export { frozen } from "./frozen";
export { holds, isAtLeast } from "./versions";
export { decodeBlock, readBlock, type Reading } from "./reading";
export {
  isKnown,
  isResolvable,
  scaled,
  ScaledToken,
  TOKEN_IN_STRING,
  TOKEN_MAP_KEY,
  UNRESOLVED_BEGIN,
  type Resolvable,
} from "./deferred";
export {
  describe,
  holdsSecret,
  isEmptyValue,
  isPlainObject,
  isTooDeep,
  NO_SECRET,
  SECRET_MARK,
  TOO_DEEP,
} from "./describe";
export type { Api, ApiObject, CheckContext, Codec, Field, FieldKind, FieldOptions, Fields, HclPart } from "./field";
export { anyMap, block, blockMap, blocks, bool, int, ints, oneOf, text, textMap, texts, textsMap } from "./fields";
export { ANY_MAP, define } from "./maps";
export { nearestOf } from "./nearest";
export { Place, type JobProblem } from "./place";
export {
  ANYTHING,
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
} from "./check-props";
export type { ResolvedOf } from "./resolved";
export { scalar, within } from "./scalars";
export { unknownPlaces, withoutUnknowns, type Unknown } from "./unknowns";
