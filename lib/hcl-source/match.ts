import { Block } from "../jobspec";
import { definitionOf, nameInHcl, snakeCase } from "../jobspec/host";
import type { Source, SourceBlock } from "./syntax";

/** Which block of a text of HCL each block of a job was read from. */
export function matchSource(job: Block, { blocks }: Source): ReadonlyMap<Block, SourceBlock> {
  const found = new Map<Block, SourceBlock>();
  const own = blocks.find(({ name }) => name === "job");
  if (own) match(job, own, found);
  return found;
}

function match(block: Block, source: SourceBlock, found: Map<Block, SourceBlock>): void {
  found.set(block, source);
  for (const { name, field } of definitionOf(block).list) {
    const held = (block as unknown as Record<string, unknown>)[name];
    const children = (Array.isArray(held) ? held : [held]).filter((item) => item instanceof Block);
    if (children.length === 0) continue;
    // One that is deprecated has no name of its own any more, and stands in old texts all the same.
    const hcl = nameInHcl(name, field) || snakeCase(name);
    const written = source.children.filter(
      (child) =>
        child.name === hcl || (field.kind === "special" && child.name === definitionOf(children[0] as Block).hcl),
    );
    const taken = new Set<SourceBlock>();
    for (const [index, child] of children.entries()) {
      // By its label where it has one, and of several with one label by their order; else the first of the source is the first of the job.
      const labelled = written.filter(({ labels }) => labels[0] !== undefined && labels[0] === child.blockKey);
      const from =
        labelled.find((each) => !taken.has(each)) ??
        labelled.at(-1) ??
        (written.length === children.length ? written[index] : undefined);
      if (!from) continue;
      taken.add(from);
      match(child, from, found);
    }
  }
}
