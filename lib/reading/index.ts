/** Files that somebody names, whatever they are: read whole, within a size, and never so that a command cannot be interrupted. */
export { readNamedFile, readNamedFileNow, UnusableFile, whyUnread, type NamedFileOptions } from "./named-file";
