import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import * as fc from "fast-check";
import {
  commandParser,
  readDrift,
  readJobFile,
  readPreview,
  readPreviewFile,
  readTerraformPlan,
} from "../../../lib/operations";
import { readNamedFile } from "../../../lib/reading";
import { valuesInFile } from "../../../lib/operations/hcl/values-in-files";
import { draws } from "../../support/draws";
import { growth, LINEAR } from "../../support/growth";

// Whatever a person names as a file is read within a size, and no Ctrl-C is lost while it is.

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "cdk-nomad-named-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const pipe = (name: string) => {
  const path = join(folder, name);
  execFileSync("mkfifo", [path]);
  return path;
};

test("what a file or a slow pipe holds comes back byte for byte", async () => {
  const path = join(folder, "bytes");
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200_000 }), async (bytes) => {
      writeFileSync(path, bytes);
      expect(Buffer.compare(await readNamedFile(path, { most: 200_000 }), Buffer.from(bytes))).toBe(0);
    }),
    { numRuns: draws(20) },
  );
  const slow = pipe("slow");
  const script = `exec > ${slow}; head -c 150000 /dev/zero; sleep 0.3; head -c 100000 /dev/zero; sleep 0.3; printf end`;
  const writer = spawn("sh", ["-c", script]);
  const ended = new Promise((resolve) => writer.on("exit", resolve));
  const read = await readNamedFile(slow, { most: 1_000_000 });
  await ended;
  expect([read.length, read.toString("utf8", 250_000)]).toEqual([250_003, "end"]);
});

const readers: Readonly<Record<string, (path: string, signal?: AbortSignal) => Promise<unknown>>> = {
  "a job": async (path, signal) => {
    const parseHcl = () => Promise.reject(new Error("is not parsed"));
    const { problems } = await readJobFile(path, { parseHcl, cwd: "/", stdin: Readable.from([]), env: {}, signal });
    throw new Error(problems.map(({ message }) => message).join());
  },
  "a file of values": async (path, signal) => {
    const program = () => Promise.resolve("/bin/false");
    await commandParser({ program, variables: { files: [path] }, cwd: "/", signal })("web.nomad.hcl", 'job "a" {}');
  },
  "a preview": async (path, signal) => readPreviewFile(path, "dev", signal),
  "a report": async (path, signal) => readPreview(path, signal),
  "a report of drift": async (path, signal) => readDrift(path, signal),
  "a plan of Terraform": async (path, signal) => readTerraformPlan(path, signal),
};

describe.each(Object.entries(readers))("%s", (name, read) => {
  test("that never ends is refused once it is too large", async () => {
    await expect(read("/dev/zero")).rejects.toThrow(/is larger than \d+ MiB/);
  });

  test("that is a pipe of which nothing comes ends by the signal, within a moment", async () => {
    const path = pipe(`quiet-${name.replaceAll(" ", "-")}`);
    const writer = spawn("sh", ["-c", `exec > ${path}; exec sleep 60`]);
    try {
      const stop = new AbortController();
      const begun = performance.now();
      setTimeout(() => stop.abort(new Error("interrupted")), 300);
      await expect(read(path, stop.signal)).rejects.toThrow("interrupted");
      expect(performance.now() - begun).toBeLessThan(3_000);
    } finally {
      writer.kill("SIGKILL");
    }
  });
});

test("a pipe that nobody writes to is told as that, and a file that is too large by its size before it is read", async () => {
  const nobody = pipe("nobody");
  await expect(readNamedFile(nobody, { most: 10, patience: 50 })).rejects.toThrow("is a pipe that nobody writes to");
  const large = join(folder, "large");
  writeFileSync(large, "x".repeat(11));
  await expect(readNamedFile(large, { most: 10 })).rejects.toThrow("is larger than");
  await expect(readNamedFile(folder, { most: 10 })).rejects.toMatchObject({ code: "EISDIR" });
});

test.each([
  ["empty lines", "\n"],
  ["blanks", " "],
  ["quotes that are never closed", '\\"'],
  ["quotes", '"'],
  ["names", "a\n"],
  ["names with values", 'a = "b"\n'],
])("the values of a file of %s are found in a time that grows with its length alone", async (_what, part) => {
  const text = (length: number) => `"${part.repeat(length / part.length)}`;
  expect(await growth((length) => valuesInFile("web.vars", text(length)), 1_000_000)).toBeLessThan(LINEAR);
});
