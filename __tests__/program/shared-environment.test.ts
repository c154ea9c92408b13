import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const Environment = jest.requireActual<new () => { setup(): Promise<void>; teardown(): Promise<void> }>(
  "../support/shared-environment.cjs",
);

/** What files of tests may change, and the next one of their worker must not find. */
function around() {
  const { env, exitCode, exit } = process;
  return { env: { ...env }, exitCode, exit, folder: process.cwd(), fetch: globalThis.fetch };
}

test("a file of tests finds variables, the working folder and Node's globals as the one before it found them", async () => {
  const before = around();
  const environment = new Environment();
  await environment.setup();
  const left = mkdtempSync(join(tmpdir(), "left-"));
  process.chdir(tmpdir());
  process.env.CDK_NOMAD_LEFT_BEHIND = "yes";
  process.env.HOME = "/elsewhere";
  delete process.env.PATH;
  process.env = { PATH: "/nowhere" };
  process.exitCode = 3;
  process.exit = () => undefined as never;
  globalThis.fetch = () => Promise.reject(new Error("nobody"));
  expect(around()).not.toEqual(before);
  expect(existsSync(left)).toBe(true);
  await environment.teardown();
  expect(around()).toEqual(before);
  expect(existsSync(left)).toBe(false);
});

function caught(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

test("errors of Node and of the tests are of one kind", () => {
  expect(caught(() => readFileSync("/nonexistent"))).toBeInstanceOf(Error);
});
