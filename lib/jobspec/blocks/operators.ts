/** Operators that compare an attribute with a value, in constraints and affinities alike. */
export const COMPARISONS = ["=", "==", "is", "!=", "not", ">", ">=", "<", "<="] as const;

/** Operators that look for words in a list. */
export const SET_OPERATORS = ["set_contains", "set_contains_all", "set_contains_any"] as const;
