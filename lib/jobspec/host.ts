/** For programs that hold models and render them into something else: what tells tokens, and when to render again. */
export { isResolvable, modelEdits, TOKEN_IN_STRING, TOKEN_LIST_ELEMENT } from "./engine";
