import { Template } from "../../jobspec";
import { NUMBER, objectOf, oneOfTexts, required, TEXT } from "../../jobspec/host";

/** A pattern that a launcher can start: a folder with a manifest and a program. */
export interface Pattern {
  /** Its name, which is also its folder's. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
  /** What runs it, as a line of shell. */
  readonly command: string;
  /**
   * What is kept apart from what.
   *
   * @default "namespace"
   */
  readonly isolationLevel?: "none" | "namespace" | "session";
  /** Where a running one answers that it is healthy. */
  readonly healthPort: number;
}

/** The kind of a pattern. */
export const PATTERN = objectOf<Pattern>({
  name: required(TEXT),
  version: required(TEXT),
  command: required(TEXT),
  isolationLevel: oneOfTexts("none", "namespace", "session"),
  healthPort: required(NUMBER),
});

/** The files of patterns, written into the `patterns` folder of a task's own directory. */
export function patternTemplates(patterns: readonly Pattern[] | undefined): Template[] {
  return (patterns ?? []).flatMap((pattern) => {
    const folder = `local/patterns/${pattern.name}`;
    return [
      Template.file(`${folder}/manifest.yaml`, manifest(pattern), { changeMode: "noop" }),
      Template.file(`${folder}/run`, `#!/bin/sh\nexec ${pattern.command} "$@"\n`, { perms: "755", changeMode: "noop" }),
    ];
  });
}

function manifest(pattern: Pattern): string {
  // JSON strings are YAML strings too.
  return [
    `name: ${JSON.stringify(pattern.name)}`,
    `version: ${JSON.stringify(pattern.version)}`,
    `executable: ./run`,
    `isolation_level: ${pattern.isolationLevel ?? "namespace"}`,
    `healthcheck:`,
    `  port: ${pattern.healthPort}`,
    `  path: /health`,
    ``,
  ].join("\n");
}
