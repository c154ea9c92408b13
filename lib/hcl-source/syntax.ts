/** The tree of a text of HCL: what it says, and where, and the comments in it. */

/** A comment: consecutive lines of the same kind are comments of their own. */
export interface Comment {
  /** Its lines, without their marks. */
  readonly lines: readonly string[];
  readonly start: number;
}

/** What stands somewhere in a text. */
interface Written {
  /** Its first line, counted from 1. */
  readonly line: number;
  readonly start: number;
  /** Where it ends: behind its value or its closing brace. */
  readonly end: number;
  /** The comments between what stands before it and itself. */
  readonly before: readonly Comment[];
  /** The comments behind it on its line; of a block, on the line of its opening brace. */
  readonly after: readonly Comment[];
}

/** A name with its value. */
export interface SourceAttribute extends Written {
  readonly kind: "attribute";
  readonly name: string;
  /** Where its value stands. */
  readonly value: Range;
}

/** A block of a text of HCL. */
export interface SourceBlock extends Written {
  readonly kind: "block";
  readonly name: string;
  readonly labels: readonly string[];
  readonly children: readonly SourceBlock[];
  /** Its attributes, by their names. */
  readonly attributes: ReadonlyMap<string, SourceAttribute>;
}

/** A part of a text. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** A whole text of HCL. */
export interface Source {
  readonly text: string;
  readonly blocks: readonly SourceBlock[];
  /** Attributes outside of every block, as in a file of values. */
  readonly attributes: ReadonlyMap<string, SourceAttribute>;
  /** All comments in their order, those within values too. */
  readonly comments: readonly Comment[];
}

/** An expression. */
export type Expression =
  | { readonly kind: "literal"; readonly value: string | number | boolean | null }
  /** A text with templates in it. */
  | { readonly kind: "template"; readonly parts: readonly TemplatePart[] }
  /** `var.name`, `local.name`, `each.value`: the names, from the root on. */
  | { readonly kind: "reference"; readonly names: readonly string[] }
  | { readonly kind: "list"; readonly items: readonly Item[]; readonly inside: readonly Comment[] }
  | { readonly kind: "object"; readonly items: readonly Entry[]; readonly inside: readonly Comment[] }
  | { readonly kind: "call"; readonly name: string; readonly arguments: readonly Expression[] }
  | {
      readonly kind: "conditional";
      readonly condition: Expression;
      readonly yes: Expression;
      readonly no: Expression;
    }
  | { readonly kind: "binary"; readonly sign: string; readonly left: Expression; readonly right: Expression }
  | { readonly kind: "unary"; readonly sign: string; readonly of: Expression }
  /** Anything else: only what it refers to is known. */
  | { readonly kind: "other"; readonly references: readonly (readonly string[])[] };

/** A literal part of a template, or what is interpolated. */
export type TemplatePart = string | { readonly of: Expression; readonly range: Range };

/** An element of a list. */
export interface Item extends Range {
  readonly value: Expression;
  readonly before: readonly Comment[];
  readonly after: readonly Comment[];
}

/** An entry of an object, whose key is a text. */
export interface Entry extends Item {
  readonly key: string;
}
