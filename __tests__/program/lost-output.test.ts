import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { join } from "node:path";

// What a command prints into a file on a full disk is lost: then its exit code says so, whatever it did.

const FULL = "/dev/full";
if (!existsSync(FULL)) console.warn(`skipped: this system has no ${FULL}, which is Linux's`);

function intoFullDisk(...args: readonly string[]) {
  const out = openSync(FULL, "w");
  try {
    const program = join(process.cwd(), "bin/cdk-nomad.js");
    return spawnSync(process.execPath, [program, ...args], { stdio: ["ignore", out, "pipe"], encoding: "utf8" });
  } finally {
    closeSync(out);
  }
}

(existsSync(FULL) ? describe : describe.skip)("what is printed", () => {
  test.each([["--version"], ["deploy", "--help"], ["env", "--json"]])(
    "%s %s into a full disk ends with 1, and says why",
    (...args) => {
      const { status, stderr } = intoFullDisk(...args);
      expect(status).toBe(1);
      expect(stderr).toContain("✗ stdout: cannot be written: the disk is full");
      expect(stderr).not.toMatch(/^ +at /m);
    },
  );
});

test("a reader that goes away is no error", () => {
  const program = join(process.cwd(), "bin/cdk-nomad.js");
  const piped = `set -o pipefail; ${process.execPath} ${program} deploy --help | true`;
  const { status, stderr } = spawnSync("bash", ["-c", piped], { encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
});
