/**
 * What a secret looks like: one table of names and one of forms, for the rule that warns of secrets in a job and for everything
 * that is printed. It depends on nothing and is linear in what it reads.
 */
export { aroundElements, aroundKey, DEEPEST, isSecretHere, isSentence, NOTHING_AROUND, type Around } from "./around";
export { unfinishedKeyIn, type SecretSpan } from "./forms";
export { isSecretName, suspicionOf, type Suspicion } from "./names";
export { isSecretPair } from "./pairs";
export type { TextKind } from "./text-kind";
export { remembering } from "./remembering";
export { isWord, secretSpans } from "./spans";
export { isPlainlyNoSecret, isPlainWords, isUserAndPassword } from "./values";
