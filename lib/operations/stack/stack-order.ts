import type { Resource, StackFile } from "./stack-shape";

/** A resource of a stack, with its names. */
export interface StackResource {
  /** As Terraform names it: `nomad_job.web`. */
  readonly id: string;
  readonly type: string;
  readonly resource: Resource;
  /** Where its construct stands in the program. */
  readonly path: string;
}

/** Resources so that each stands behind those that it depends on, and behind the regions that are deployed before its own. */
export function stackOrder(resources: StackFile["resource"]): readonly StackResource[] {
  const all = new Map<string, StackResource>();
  for (const [type, named] of Object.entries(resources))
    for (const [name, resource] of Object.entries(named)) {
      const path = resource["//"]?.metadata?.path ?? name;
      all.set(`${type}.${name}`, { id: `${type}.${name}`, type, resource, path });
    }
  const rollouts = new Map<string, StackResource[]>();
  for (const each of all.values()) {
    const id = each.resource["//"]?.rollout?.id;
    if (id !== undefined) rollouts.set(id, [...(rollouts.get(id) ?? []), each]);
  }
  const before = ({ resource }: StackResource): readonly string[] => {
    const own = resource["//"]?.rollout;
    const regions = own === undefined ? [] : (rollouts.get(own.id) ?? []);
    const earlier = regions.filter(({ resource: other }) => (other["//"]?.rollout?.wave ?? 0) < (own?.wave ?? 0));
    return [...(resource.depends_on ?? []), ...earlier.map(({ id }) => id)];
  };
  // Not by recursion: a chain may be as long as the stack.
  const ordered: StackResource[] = [];
  const visited = new Set<string>();
  for (const first of all.keys()) {
    const open = [{ id: first, entered: false }];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const found = all.get(next.id);
      if (!found) continue;
      if (next.entered) {
        ordered.push(found);
        continue;
      }
      if (visited.has(next.id)) continue;
      visited.add(next.id);
      open.push({ id: next.id, entered: true });
      for (const id of [...before(found)].reverse()) open.push({ id, entered: false });
    }
  }
  return ordered;
}
