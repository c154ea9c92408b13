import { UserError } from "../../errors";

/** What an allocation takes of a node, or a node has: the dimensions that Nomad packs. */
export interface Space {
  /** MHz. */
  readonly cpu: number;
  /** MiB. */
  readonly memory: number;
  /** MiB. */
  readonly disk: number;
}

/** In the order in which Nomad looks at them. */
export const DIMENSIONS = ["cpu", "memory", "disk"] as const;

/** MHz of what is called one cpu where a node is described: a core share of 1000, as Nomad's `cpu = 1000`. */
const MHZ_PER_CPU = 1000;

/** A node whose disk nobody described is not held back by it. */
const ENOUGH_DISK = Number.MAX_SAFE_INTEGER;

export function plus(a: Space, b: Space): Space {
  return { cpu: a.cpu + b.cpu, memory: a.memory + b.memory, disk: a.disk + b.disk };
}

export function minus(a: Space, b: Space): Space {
  return { cpu: a.cpu - b.cpu, memory: a.memory - b.memory, disk: a.disk - b.disk };
}

/** The larger of each dimension. */
function largest(a: Space, b: Space): Space {
  return { cpu: Math.max(a.cpu, b.cpu), memory: Math.max(a.memory, b.memory), disk: Math.max(a.disk, b.disk) };
}

/** A task of an allocation: when it runs, and what it takes then. */
export interface Phased {
  /** `prestart`, `poststart`, `poststop`; empty for a main task. */
  readonly hook: string;
  readonly sidecar: boolean;
  readonly space: Space;
}

/**
 * What tasks take together: those of one phase of a life their sum, and the whole the largest of its phases, since what only runs before
 * the others takes no room beside them.
 */
export function overALife(tasks: readonly Phased[]): Space {
  const phase = (holds: (task: Phased) => boolean) =>
    tasks
      .filter(holds)
      .map(({ space }) => space)
      .reduce(plus, NOTHING);
  return [
    phase(({ hook }) => hook === "prestart"),
    phase(({ hook, sidecar }) => hook === "" || hook === "poststart" || (hook === "prestart" && sidecar)),
    phase(({ hook }) => hook === "poststop"),
  ].reduce(largest);
}

export const NOTHING: Space = { cpu: 0, memory: 0, disk: 0 };

/**
 * Reads a size: `4cpu,8GiB`, `9600MHz,8GiB,100GiB disk`.
 *
 * @throws UserError where it is none
 */
export function parseSpace(text: string, option: string, disk = ENOUGH_DISK): Space {
  const found: Partial<Record<keyof Space, number>> = {};
  for (const part of text.split(",")) {
    const [, number, unit = "", isDisk] = /^\s*(\d+(?:\.\d+)?)\s*(cpu|MHz|GHz|MiB|GiB)\s*(disk)?\s*$/i.exec(part) ?? [];
    const scale = SCALES[unit.toLowerCase()];
    const dimension = scale?.dimension === "memory" && isDisk ? "disk" : scale?.dimension;
    if (number === undefined || !scale || !dimension || (isDisk && dimension === "cpu") || dimension in found)
      throw UserError.at(option, `"${text}" is no size; write 4cpu,8GiB or 9600MHz,8GiB,100GiB disk`, "size");
    found[dimension] = Number(number) * scale.factor;
  }
  return { cpu: found.cpu ?? 0, memory: found.memory ?? 0, disk: found.disk ?? disk };
}

/**
 * Reads what a node has: a size with a cpu and a memory. Without a word of its disk, it has enough.
 *
 * @throws UserError where it is none, or lacks one of them, of which nothing would fit
 */
export function parseNode(text: string, option: string): Space {
  const node = parseSpace(text, option);
  const lacks = [...(node.cpu > 0 ? [] : ["its cpu"]), ...(node.memory > 0 ? [] : ["its memory"])];
  if (lacks.length === 0) return node;
  throw UserError.at(option, `"${text}" says nothing of ${lacks.join(" and ")}; write 4cpu,8GiB`, "size");
}

const SCALES: Readonly<Record<string, { readonly dimension: "cpu" | "memory"; readonly factor: number }>> = {
  cpu: { dimension: "cpu", factor: MHZ_PER_CPU },
  mhz: { dimension: "cpu", factor: 1 },
  ghz: { dimension: "cpu", factor: 1000 },
  mib: { dimension: "memory", factor: 1 },
  gib: { dimension: "memory", factor: 1024 },
};
