/** What a server makes of a job. */
export {
  countIn,
  effective,
  effectiveOf,
  usualUpdate,
  type EffectiveGroup,
  type EffectiveJob,
  type EffectiveTask,
  type EffectiveUpdate,
} from "./job";
export { isImplied, withoutDefaults } from "./without-defaults";
export { unwrittenIn, type Unwritten } from "./unwritten";
