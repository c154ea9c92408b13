/** What tasks write: the last of it, and as it comes, without what is secret in it. */
export { followLog, type LogPiece, type LogReader, type LogState } from "./follow";
export { positionText, readPosition, type LogPosition } from "./position";
export { logText } from "./text";
