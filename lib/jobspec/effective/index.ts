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
