import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What the container that this process runs in may have of memory, in bytes. */
export interface ContainerMemory {
  /** At most, with all that runs in it. */
  readonly limit: number;
  /** How much of that is left. */
  readonly left: number;
}

/** Where the kernel tells of control groups. */
export interface CgroupFiles {
  /** Default: /proc/self/cgroup */
  readonly own: string;
  /** Default: /sys/fs/cgroup */
  readonly mount: string;
}

const FILES: CgroupFiles = { own: "/proc/self/cgroup", mount: "/sys/fs/cgroup" };

/** The two versions of control groups: which lines of /proc/self/cgroup are theirs, where they are mounted, and what their files are called. */
const VERSIONS = [
  {
    line: /^0::(\/.*)$/m,
    mounts: ["", "unified"],
    limit: "memory.max",
    used: "memory.current",
    cache: /^inactive_file (\d+)$/m,
  },
  {
    line: /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(\/.*)$/m,
    mounts: ["memory"],
    limit: "memory.limit_in_bytes",
    used: "memory.usage_in_bytes",
    cache: /^total_inactive_file (\d+)$/m,
  },
] as const;

/** What version 1 writes where there is no limit is a little less than this; version 2 writes a word. */
const NO_LIMIT = 2 ** 60;

/**
 * The narrowest limit of memory of the control groups that this process is in, from its own to the outermost that can be seen: inside of a
 * container, that is the container's. Undefined where there is none, as on macOS.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
 */
export function containerMemory({ own, mount }: CgroupFiles = FILES): ContainerMemory | undefined {
  const groups = read(own) ?? "";
  const found = VERSIONS.flatMap(({ line, mounts, limit, used, cache }) => {
    const path = line.exec(groups)?.[1];
    if (path === undefined) return [];
    return mounts.flatMap((below) =>
      outwards(path).flatMap((group): ContainerMemory[] => {
        const folder = join(mount, below, group);
        const most = Number(read(join(folder, limit)) ?? "max");
        if (!(most < NO_LIMIT)) return [];
        // What was read from files and is not looked at any more is given up before anything is ended.
        const kept = Number(cache.exec(read(join(folder, "memory.stat")) ?? "")?.[1] ?? 0);
        const taken = Number(read(join(folder, used)) ?? 0) - kept;
        return [{ limit: most, left: Math.max(0, most - Math.max(0, taken)) }];
      }),
    );
  });
  if (found.length === 0) return undefined;
  return {
    limit: Math.min(...found.map(({ limit }) => limit)),
    left: Math.min(...found.map(({ left }) => left)),
  };
}

/** A group, and those around it. One of a container may stand at the root of what the container sees, whatever its path is outside. */
function outwards(group: string): readonly string[] {
  return group === "/" ? [group] : [group, ...outwards(dirname(group))];
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
