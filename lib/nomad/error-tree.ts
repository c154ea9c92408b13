/**
 * What Nomad says, without the tree of bullets that it nests errors and warnings in ("2 errors occurred:", "* …"): a line for each.
 */
export function flattened(text: string): readonly string[] {
  return text
    .split("\n")
    .map((line) => line.replace(/^[\s*]+/, "").trim())
    .filter(
      (line) =>
        line !== "" &&
        !/^\d+ (?:warnings?|errors? occurred):?$/.test(line) &&
        !/has warnings: \d+ errors? occurred:$/.test(line),
    );
}
