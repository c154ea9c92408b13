import fs, {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { filesOf } from "../../../lib/local/agents/agents";
import { writeState } from "../../../lib/local/agents/state";
import { fileProblem, formatProblem } from "../../../lib/errors";
import { withSynthesis } from "../../../lib/operations";
import {
  ignoredFolder,
  makePrivate,
  openPrivateFile,
  privateFolder,
  writePrivateFile,
  writeWholeFile,
  writeWholePrivateFile,
} from "../../../lib/private-files";

let folder: string;
let mask: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "private-"));
  mask = process.umask(0o022);
});

afterEach(() => {
  process.umask(mask);
  rmSync(folder, { recursive: true, force: true });
});

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

/** Everything below a folder with its mode. */
function modes(path: string, below = ""): string[] {
  return readdirSync(join(path, below), { withFileTypes: true }).flatMap((entry) => {
    const name = join(below, entry.name);
    return [`${modeOf(join(path, name))} ${name}`, ...(entry.isDirectory() ? modes(path, name) : [])];
  });
}

test("what is written is for its owner alone, also where something wider was there before", () => {
  mkdirSync(join(folder, "wide"), { mode: 0o777 });
  chmodSync(join(folder, "wide"), 0o777);
  writeFileSync(join(folder, "wide", "file"), "old");
  chmodSync(join(folder, "wide", "file"), 0o666);
  privateFolder(join(folder, "wide"));
  privateFolder(join(folder, "new", "inside"));
  writePrivateFile(join(folder, "wide", "file"), "new");
  writePrivateFile(join(folder, "wide", "other"), "new");
  openPrivateFile(join(folder, "new", "log"), "a");
  expect(modes(folder).sort()).toEqual([
    "600 new/log",
    "600 wide/file",
    "600 wide/other",
    "700 new",
    "700 new/inside",
    "700 wide",
  ]);
});

test("what somebody else wrote is closed to others; links are not followed, and no right is given", () => {
  mkdirSync(join(folder, "a/b"), { recursive: true });
  writeFileSync(join(folder, "a/b/file"), "x");
  writeFileSync(join(folder, "outside"), "x");
  chmodSync(join(folder, "outside"), 0o644);
  writeFileSync(join(folder, "a/read-only"), "x");
  chmodSync(join(folder, "a/read-only"), 0o444);
  symlinkSync(join(folder, "outside"), join(folder, "a/link"));
  makePrivate(join(folder, "a"));
  expect([modeOf(join(folder, "outside")), modeOf(join(folder, "a/read-only"))]).toEqual(["644", "400"]);
  expect([modeOf(join(folder, "a")), modeOf(join(folder, "a/b")), modeOf(join(folder, "a/b/file"))]).toEqual([
    "700",
    "700",
    "600",
  ]);
});

test("a synthesized program is for its owner alone, while it is read, and in a folder that was open before", async () => {
  mkdirSync(join(folder, ".cdk-nomad"), { mode: 0o755 });
  const app = "mkdir -p $CDKTF_OUTDIR/stacks/lab && echo secret > $CDKTF_OUTDIR/stacks/lab/cdk.tf.json";
  writeFileSync(join(folder, "cdktf.json"), JSON.stringify({ language: "typescript", app }));
  const found = await withSynthesis({ project: folder, env: process.env }, (outdir) => Promise.resolve(modes(outdir)));
  expect(found).toEqual(["700 stacks", "700 stacks/lab", "600 stacks/lab/cdk.tf.json"]);
  expect(modeOf(join(folder, ".cdk-nomad"))).toBe("700");
  expect(modeOf(join(folder, ".cdk-nomad/synth"))).toBe("700");
});

test("the state of an embedded cluster is for its owner alone", () => {
  const cluster = join(folder, ".cdk-nomad");
  mkdirSync(cluster, { mode: 0o755 });
  writeState(cluster, {
    format: 1,
    portOffset: 0,
    regions: ["global"],
    sharedConsul: false,
    closed: false,
    tls: false,
    vault: false,
    agents: {},
  });
  expect(modes(folder)).toEqual(["700 .cdk-nomad", "600 .cdk-nomad/cluster.json"]);
  expect(existsSync(filesOf(cluster, "nomad").config)).toBe(false);
});

describe("what a link leads to is not touched", () => {
  test("a folder of another, its mode and its .gitignore", () => {
    const other = join(folder, "other");
    mkdirSync(other, { mode: 0o755 });
    writeFileSync(join(other, ".gitignore"), "dist\n");
    symlinkSync(other, join(folder, "linked"));
    ignoredFolder(join(folder, "linked"));
    expect([modeOf(other), readFileSync(join(other, ".gitignore"), "utf8")]).toEqual(["755", "dist\n"]);
  });

  test("a file of another", () => {
    const other = join(folder, "other");
    writeFileSync(other, "kept");
    symlinkSync(other, join(folder, "cluster.json"));
    for (const flags of ["w", "a"] as const)
      expect(() => openPrivateFile(join(folder, "cluster.json"), flags)).toThrow("ELOOP");
    expect(readFileSync(other, "utf8")).toBe("kept");
  });
});

test("a file is written whole or not at all, keeps its mode, and nothing is left beside it", () => {
  const file = join(folder, "module.ts");
  writeFileSync(file, "before");
  chmodSync(file, 0o640);
  writeWholeFile(file, "after");
  expect([readFileSync(file, "utf8"), statSync(file).mode & 0o777]).toEqual(["after", 0o640]);
  writeWholePrivateFile(file, "private");
  expect([readFileSync(file, "utf8"), statSync(file).mode & 0o777]).toEqual(["private", 0o600]);
  mkdirSync(join(folder, "taken"));
  expect(() => writeWholeFile(join(folder, "taken"), "x")).toThrow(/EISDIR|EEXIST|ENOTEMPTY|EPERM/);
  expect(readdirSync(folder).sort()).toEqual(["module.ts", "taken"]);
});

describe("where the disk is full", () => {
  const write = fs.writeFileSync;
  /** The disk has room for so many bytes of a file. */
  function fill(room: number) {
    jest.spyOn(fs, "writeFileSync").mockImplementation((file, data, options) => {
      write(file, String(data).slice(0, room), options);
      if (String(data).length > room) {
        const full = { code: "ENOSPC", syscall: "write", errno: -28 };
        throw Object.assign(new Error("ENOSPC: no space left on device, write"), full);
      }
    });
  }
  afterEach(() => void jest.restoreAllMocks());

  test.each([
    ["a private file", (path: string) => writePrivateFile(path, "some text")],
    ["a whole file", (path: string) => writeWholeFile(path, "some text")],
    ["a whole private file", (path: string) => writeWholePrivateFile(path, "some text")],
  ])("%s is told by its own name", (_what, writes) => {
    const path = join(folder, "file");
    fill(3);
    let said = "";
    try {
      writes(path);
    } catch (error) {
      said = [fileProblem(error)].map((problem) => problem && formatProblem(problem)).join("");
    }
    expect(said).toContain(`${path}: cannot be written: the disk is full`);
  });

  test.each([0, 1])(
    "git ignores a folder once there is room again, though %d bytes of that were written before",
    (room) => {
      const own = join(folder, "own");
      fill(room);
      expect(() => ignoredFolder(own)).toThrow(/ENOSPC/);
      jest.restoreAllMocks();
      expect(readdirSync(own)).toEqual([]);
      // As releases before this one left it.
      writeFileSync(join(own, ".gitignore"), "");
      ignoredFolder(own);
      expect(readFileSync(join(own, ".gitignore"), "utf8")).toBe("*\n");
      expect(readdirSync(own)).toEqual([".gitignore"]);
    },
  );
});
