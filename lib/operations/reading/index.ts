/** Files that somebody names, whatever they are: read whole, within a size, and never so that a command cannot be interrupted. */
export { readNamedFile, UnusableFile, type NamedFileOptions } from "./named-file";
