/** What a text of HCL says besides what Nomad makes of it: where things stand, comments, and how values are written. */
export { matchSource } from "./match";
export { readExpression, referencesIn } from "./expressions";
export { readSource } from "./structure";
export type {
  Comment,
  Entry,
  Expression,
  Item,
  Range,
  Source,
  SourceAttribute,
  SourceBlock,
  TemplatePart,
} from "./syntax";
