import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { Ending, Kept } from "../../lib/pools/execution/output";
import { lineOf, START, startOf } from "../../lib/pools/execution/start-line";
import { anyCharacter, visibleCharacter } from "../support/characters";

const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-start-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SHELLS = ["dash", "bash"].filter((shell) => spawnSync(shell, ["-c", "exit 3"]).status === 3);
const HOLD = { kind: "mark" } as const;
/** A sweep of all processes of a busy machine follows each run, so there are few of them. */
const SETTINGS = { mark: "alloc.1", notice: "0123456789abcdef", ownProcesses: false };

/** What a shell that got the line over its standard input wrote, without its process id. */
function run(shell: string, command: string | readonly string[], env: Record<string, string>) {
  const sent = lineOf(startOf(command, { env }, 10_000), HOLD, SETTINGS);
  const { stdout, status } = spawnSync(shell, START.slice(1), {
    input: sent.line,
    env: { PATH: process.env.PATH, NOMAD_TASK_DIR: folder },
  });
  const lines = sent.isTold ? 2 : 1;
  let at = 0;
  for (let line = 0; line < lines; line += 1) at = stdout.indexOf(10, at) + 1;
  return { output: stdout.subarray(at), status };
}

const character = fc.oneof(
  fc.constantFrom(
    "'",
    '"',
    "$",
    "`",
    "\\",
    "\n",
    "\r",
    "!",
    "*",
    " ",
    "\t",
    "é",
    "Á",
    "\u0081",
    "\u0088",
    "€",
    "😀",
    "\u0001",
    "\u007f",
  ),
  visibleCharacter,
);
const value = fc
  .array(character, { maxLength: 40 })
  .map((all) => all.join(""))
  .filter((text) => text.isWellFormed() && !text.includes("\0"));
const name = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,12}$/).map((text) => `V_${text}`);

describe.each(SHELLS)("a start line read by %s", (shell) => {
  test("gives drawn variables back exactly", () => {
    fc.assert(
      fc.property(fc.dictionary(name, value, { maxKeys: 5, noNullPrototype: true }), (env) => {
        const { output, status } = run(shell, ["env", "-0"], env);
        const found = output.toString().split("\0");
        expect(status).toBe(0);
        for (const [key, wanted] of Object.entries(env)) expect(found).toContain(`${key}=${wanted}`);
      }),
      { numRuns: 12 },
    );
  });

  test("gives drawn arguments back exactly", () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 5 }), (words) => {
        const { output } = run(shell, ["printf", "%s\\0", ...words], {});
        expect(output.toString()).toBe(words.map((word) => `${word}\0`).join(""));
      }),
      { numRuns: 12 },
    );
  });

  test("that is long is read to its end", () => {
    const env = { V_A: "é\n'".repeat(20_000) };
    expect(run(shell, 'printf %s "$V_A"', env).output.toString()).toBe(env.V_A);
  });

  test("ends as the command does", () => {
    expect(run(shell, "exit 41", {}).status).toBe(41);
    expect(run(shell, "kill -9 $$", {}).status).toBe(137);
  });
});

test.each(["PWD", "UID", "RANDOM", "BASH_ENV", "_", "OPTIND", "a-b", "1A", "A=B", ""])(
  "%s is refused as a name",
  (one) => {
    expect(() => startOf("true", { env: { [one]: "planted" } }, 1000)).toThrow(/name/);
    expect(() => startOf("true", { env: { [one]: "planted" } }, 1000)).not.toThrow(/planted/);
  },
);

test.each([0, -1, Number.NaN, Infinity, 2 ** 31])("%d is refused as a timeout", (timeout) => {
  expect(() => startOf("true", {}, timeout)).toThrow(/timeout/);
});

describe("output", () => {
  test("is cut at its limit, never within a character, however it comes in pieces", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: anyCharacter }),
        fc.nat(100),
        fc.integer({ min: 1, max: 7 }),
        (text, limit, piece) => {
          const kept = new Kept(limit);
          const bytes = Buffer.from(text.toWellFormed());
          for (let at = 0; at < bytes.length; at += piece) kept.add(bytes.subarray(at, at + piece));
          expect(text.toWellFormed().startsWith(kept.text())).toBe(true);
          expect(kept.truncated).toBe(bytes.length > limit);
          expect(Buffer.byteLength(kept.text())).toBeGreaterThan(Math.min(bytes.length, limit) - 4);
        },
      ),
    );
  });

  test("loses the notice that it ends with, however it comes in pieces, and nothing else", () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[abn\n]{0,40}$/),
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        (text, piece, isThere) => {
          const ending = new Ending("abba");
          const clean = text.replaceAll("abba\n", "");
          if (clean.includes("abba\n")) return;
          const bytes = Buffer.from(isThere ? `${clean}abba\n` : clean);
          const out: Uint8Array[] = [];
          for (let at = 0; at < bytes.length; at += piece) out.push(ending.take(bytes.subarray(at, at + piece)));
          out.push(ending.rest());
          expect([Buffer.concat(out).toString(), ending.found]).toEqual([clean, isThere]);
        },
      ),
    );
  });
});
