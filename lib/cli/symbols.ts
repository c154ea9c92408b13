import { style, term } from "../text";

/** Before what went well. */
export const GOOD = style.green(term`✓`);
/** Before what went wrong. */
export const BAD = style.red(term`✗`);
/** Before what somebody should look at. */
export const ATTENTION = style.yellow(term`!`);
