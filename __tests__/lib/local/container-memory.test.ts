import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { containerMemory } from "../../../lib/local/machine/container-memory";

const MIB = 1024 * 1024;
let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "cdk-nomad-cgroups-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What is known of a process in these groups. */
function memoryIn(own: string, files: Readonly<Record<string, string>>) {
  for (const [name, text] of Object.entries({ self: own, ...files })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), `${text}\n`);
  }
  return containerMemory({ own: join(folder, "self"), mount: join(folder, "fs") });
}

test("a limit of version 2 counts, the narrowest of those around the process", () => {
  const found = memoryIn("0::/kubepods/pod1/main", {
    "fs/kubepods/memory.max": String(4000 * MIB),
    "fs/kubepods/memory.current": String(1000 * MIB),
    "fs/kubepods/pod1/memory.max": String(1000 * MIB),
    "fs/kubepods/pod1/memory.current": String(700 * MIB),
    "fs/kubepods/pod1/memory.stat": `anon 1\ninactive_file ${200 * MIB}`,
    "fs/kubepods/pod1/main/memory.max": "max",
  });
  expect(found).toEqual({ limit: 1000 * MIB, left: 500 * MIB });
});

test("a container whose own group is the root of what it sees is known by that", () => {
  const own = { "fs/memory.max": String(512 * MIB), "fs/memory.current": String(112 * MIB) };
  expect(memoryIn("0::/", own)).toEqual({ limit: 512 * MIB, left: 400 * MIB });
  expect(memoryIn("0::/docker/abc", own)).toEqual({ limit: 512 * MIB, left: 400 * MIB });
});

test("a limit of version 1 counts, also where both versions are mounted", () => {
  const found = memoryIn("5:cpu,memory:/docker/abc\n0::/system.slice", {
    "fs/memory/memory.limit_in_bytes": String(2048 * MIB),
    "fs/memory/memory.usage_in_bytes": String(1024 * MIB),
    "fs/memory/memory.stat": `total_inactive_file ${24 * MIB}`,
    "fs/unified/system.slice/memory.max": "max",
  });
  expect(found).toEqual({ limit: 2048 * MIB, left: 1048 * MIB });
});

test("without a limit, and without control groups, there is none", () => {
  expect(memoryIn("4:memory:/", { "fs/memory/memory.limit_in_bytes": "9223372036854771712" })).toBeUndefined();
  expect(containerMemory({ own: join(folder, "none"), mount: join(folder, "none") })).toBeUndefined();
});

test("more than the limit leaves nothing", () => {
  const own = { "fs/memory.max": String(10 * MIB), "fs/memory.current": String(12 * MIB) };
  expect(memoryIn("0::/", own)).toEqual({ limit: 10 * MIB, left: 0 });
});
