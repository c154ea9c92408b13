/** Files that somebody names, whatever they are: read whole, within a size, and never so that a command cannot be interrupted. And values by the names that somebody gave them. */
export { byName, emptyByName } from "./by-name";
export { readNamedFile, readNamedFileNow, UnusableFile, whyUnread, type NamedFileOptions } from "./named-file";
