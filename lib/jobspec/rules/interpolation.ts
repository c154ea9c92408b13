import { Block, eachProperty, isKnown, isPlainObject, type Place } from "../engine";
import type { GroupRule } from "./walk";

/**
 * A reference in the form of a shell, such as `${NAME:-default}`, `${#list}` or `${name^^}`, which no HCL has. `$${` is what Nomad's client
 * reads as a plain `${`.
 */
const OF_A_SHELL =
  /(?<!\$)\$\{(?:[#!@*?$-][^}]{0,80}|[A-Za-z_]\w{0,80}(?:\[[^\]}]{0,80}\])?(?::|@|\^|,|#|%%|\/\/)[^}]{0,80})\}/;
/** Nothing is nested deeper in a driver's configuration. */
const DEEPEST = 100;

/**
 * References in a driver's configuration that a shell would read: Nomad's client reads the configuration first, as HCL, and starts no task
 * whose configuration it cannot read.
 *
 * @see https://developer.hashicorp.com/nomad/docs/reference/runtime-variable-interpolation
 */
export const shellReferences: GroupRule = ({ tasks }) => {
  for (const { value, at } of tasks)
    if (value.driver?.config) eachTextOf(value.driver.config, at.property("driver"), inText);
};

/** Visits every text within a value, such as a driver's configuration, with its place. */
export function eachTextOf(value: unknown, at: Place, visit: (text: string, at: Place) => void, depth = 0): void {
  const inside = (item: unknown, place: Place) => eachTextOf(item, place, visit, depth + 1);
  if (typeof value === "string") visit(value, at);
  else if (!isKnown(value) || depth > DEEPEST) return;
  else if (Array.isArray(value)) value.forEach((item, index) => inside(item, at.element(index)));
  else if (value instanceof Block) eachProperty(value, (name, item) => inside(item, at.property(name)));
  else if (isPlainObject(value)) for (const [key, item] of Object.entries(value)) inside(item, at.property(key));
}

function inText(text: string, at: Place): void {
  const [found] = text.includes("${") ? (OF_A_SHELL.exec(text) ?? []) : [];
  if (found === undefined) return;
  const shown = beginning(found);
  at.warning(
    "driver/shell-reference",
    `"${shown}" is read by Nomad before any shell sees it, and Nomad cannot read it, so the task would never start; write "$${shown}", or put the script into a template`,
  );
}

/** A reference without what is taken in its place, which may be a secret. */
function beginning(reference: string): string {
  const [begun = ""] = /^\$\{[#!@*?$-]?\w{0,80}(?:\[[^\]}]{0,80}\])?[:@^,#%/]?[-=?+]?/.exec(reference) ?? [];
  return begun.length + 1 < reference.length ? `${begun}…}` : reference;
}
