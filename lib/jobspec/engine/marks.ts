import { isKnown } from "./deferred";
import type { CheckContext, Field } from "./field";
import type { Place } from "./place";
import { isAtLeast } from "./versions";

/** What a field's marks mean to the Nomad that the job is for. */
export function checkMarks(
  field: Field,
  name: string,
  value: unknown,
  hcl: string,
  at: Place,
  context: CheckContext,
): void {
  const { enterprise, since, until, deprecated } = field.options;
  if (enterprise && !context.enterprise && saysSomething(value)) {
    const rule = "target/enterprise";
    const wayOut = "leave it out, or set the target's enterprise to true";
    if (enterprise === "ignored")
      at.property(name).warning(rule, `open-source Nomad ignores "${name}" of ${hcl}; ${wayOut}`);
    else at.property(name).error(rule, `"${name}" of ${hcl} needs Nomad Enterprise; ${wayOut}`);
  }
  if (since !== undefined && saysSomething(value) && !isAtLeast(context.nomadVersion, since)) {
    const message = `Nomad knows "${name}" of ${hcl} since ${since}, and ${context.nomadVersion} ignores it; leave it out`;
    at.property(name).warning("target/version", message);
  }
  const isOver = until !== undefined && isAtLeast(context.nomadVersion, until);
  if (isOver && saysSomething(value)) {
    const wayOut = deprecated === undefined ? "leave it out" : `write ${deprecated}`;
    const message = `Nomad does nothing with "${name}" of ${hcl} since ${until}; ${wayOut}`;
    at.property(name).warning("target/version", message);
  } else if (deprecated !== undefined && saysSomething(value)) {
    at.property(name).warning("field/deprecated", `"${name}" of ${hcl} is deprecated; write ${deprecated}`);
  }
}

/** Whether a value is known to be another than the empty one of its kind. */
function saysSomething(value: unknown): boolean {
  if (!isKnown(value)) return false;
  if (typeof value !== "object" || value === null) return Boolean(value);
  if (Array.isArray(value)) return value.length > 0;
  // Units render as numbers.
  return "toApi" in value || !("toJSON" in value) || (value as { toJSON(): unknown }).toJSON() !== 0;
}
