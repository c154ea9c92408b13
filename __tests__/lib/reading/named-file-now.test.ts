import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { subjectOf } from "../../../lib/github/event";
import { consulConnection, nomadConnection } from "../../../lib/nomad";
import { transportFor } from "../../../lib/nomad/transport";
import { synthesizeProject } from "../../../lib/operations";
import { readNamedFileNow } from "../../../lib/reading";
import { serviceConnection } from "../../../lib/service";
import { projectIdentity, projectName } from "../../../lib/stack-record";
import { draws } from "../../support/draws";

// What is read before anything can be awaited is read within a size and a time, whatever it is.

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "cdk-nomad-now-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const pipe = (name: string) => {
  const path = join(folder, name);
  execFileSync("mkfifo", [path]);
  return path;
};

test("what a file or a slow pipe holds comes back byte for byte", () => {
  const path = join(folder, "bytes");
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200_000 }), (bytes) => {
      writeFileSync(path, bytes);
      expect(Buffer.compare(readNamedFileNow(path, { most: 200_000 }), Buffer.from(bytes))).toBe(0);
    }),
    { numRuns: draws(20) },
  );
  const slow = pipe("slow");
  spawn("sh", ["-c", `exec > ${slow}; head -c 150000 /dev/zero; sleep 0.3; printf end`]);
  const read = readNamedFileNow(slow, { most: 1_000_000 });
  expect([read.length, read.toString("utf8", 150_000)]).toEqual([150_003, "end"]);
});

test("a pipe is waited for no longer than patience lasts", () => {
  const quiet = pipe("quiet");
  expect(() => readNamedFileNow(quiet, { most: 10, patience: 100 })).toThrow("is a pipe that nobody writes to");
  const writer = spawn("sh", ["-c", `exec > ${quiet}; printf a; exec sleep 60`]);
  try {
    expect(() => readNamedFileNow(quiet, { most: 10, patience: 1000 })).toThrow("does not end within 1 s");
  } finally {
    writer.kill("SIGKILL");
  }
});

/** What reads each of the files that a variable or a project names; all throw, or take it for nothing. */
const readers: Readonly<Record<string, (path: string, project: string) => unknown>> = {
  "Consul's token": (path) => consulConnection({ CONSUL_HTTP_TOKEN_FILE: path }),
  "Nomad's CA": (path) =>
    transportFor(nomadConnection({ NOMAD_ADDR: "https://127.0.0.1:1", NOMAD_CACERT: path })).dispatcher.close(),
  "the service's token": (path) => serviceConnection({ POOL_SERVICE_TOKEN_FILE: path }),
  "GitHub's event": (path) => subjectOf(path, "a/b"),
  "the name of a project in cdktf.json": (path, project) => {
    symlinkSync(path, join(project, "cdktf.json"));
    throw new Error(projectIdentity(project));
  },
  "the name of a project in package.json": (path, project) => {
    symlinkSync(path, join(project, "package.json"));
    throw new Error(projectName(project) ?? "no name");
  },
  "a project's settings": async (path, project) => {
    symlinkSync(path, join(project, "cdktf.json"));
    await synthesizeProject({ project, outdir: join(project, "out"), env: {} });
  },
};
/** What is said of each kind of file. */
const KINDS = [
  ["a device that never ends", /is larger than [\d.]+ MiB/, () => "/dev/zero"],
  [
    "a file of 5 GB",
    /is larger than [\d.]+ MiB/,
    (name: string) => {
      const path = join(folder, `${name}-large`);
      writeFileSync(path, "");
      truncateSync(path, 5 * 1024 ** 3);
      return path;
    },
  ],
  ["a pipe that nobody writes to", /is a pipe that nobody writes to/, (name: string) => pipe(`${name}-pipe`)],
] as const;
/** What only names a project takes another name, and leaves the word to whoever needs the file. */
const NAMES = /^(?:project-.*|no name)$/;

describe.each(KINDS)("%s", (_kind, said, make) => {
  test.each(Object.entries(readers))("is not read as %s", async (reader, read) => {
    const name = `${reader.replaceAll(/\W/g, "-")}-${Math.random()}`;
    const path = make(name);
    const project = join(folder, `project-${name}`);
    mkdirSync(project);
    const begun = performance.now();
    const message = await (async () => read(path, project))().then(
      () => "nothing",
      (error: unknown) => (error as Error).message,
    );
    expect(message).toMatch(reader.startsWith("the name of") ? NAMES : said);
    expect(performance.now() - begun).toBeLessThan(10_000);
  });
});
