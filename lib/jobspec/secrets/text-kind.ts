/**
 * What a text is. A `document` is a file or a setting: its lines are `name: value`, `NAME=value`, `--name value`. `prose` is what a
 * server or a program says, where a colon goes on with a sentence.
 */
export type TextKind = "document" | "prose";
