import { JobBlock } from "./blocks/host";
import { definitionOf, type Block, type BlockDefinition } from "./engine";

let known: ReadonlyMap<string, BlockDefinition> | undefined;

/** The definitions of all blocks that a job may hold, by their types in Nomad's API. */
export function blockKinds(): ReadonlyMap<string, BlockDefinition> {
  if (known) return known;
  const found = new Map<string, BlockDefinition>();
  const visit = (type: abstract new (...args: never[]) => Block): void => {
    const definition = definitionOf(type);
    if (found.has(definition.api)) return;
    found.set(definition.api, definition);
    for (const { field } of definition.list) {
      const inner = field.of?.();
      if (typeof inner === "function") visit(inner as abstract new (...args: never[]) => Block);
    }
  };
  visit(JobBlock);
  return (known = found);
}
