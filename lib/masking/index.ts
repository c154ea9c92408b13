/** What is hidden of everything that is printed: values that stood under a secret's name, and what has a secret's form. */
export { MASK, Masking, type MaskedChange } from "./masking";
export { KEY_PATIENCE, WholeKeys } from "./whole-keys";
