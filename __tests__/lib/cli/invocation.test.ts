import { asInvoked, invocationOf } from "../../../lib/cli/invocation";
import { cli } from "../../support/run-cli";

describe("how the program was called", () => {
  test.each([
    ["a shell, by PATH", "/usr/local/bin/cdk-nomad", "/usr/bin:/usr/local/bin", "cdk-nomad"],
    [
      "npx, in a project",
      "/srv/app/node_modules/.bin/cdk-nomad",
      "/srv/app/node_modules/.bin:/usr/bin",
      "npx cdk-nomad",
    ],
    ["a path, whose folder is not in PATH", "/opt/tools/cdk-nomad", "/usr/bin", "npx cdk-nomad"],
    ["a script of npm, in a clone", "/srv/cdk-nomad/bin/cdk-nomad.js", "/usr/bin", "npx cdk-nomad"],
    ["nobody knows", undefined, "/usr/bin", "npx cdk-nomad"],
  ])("%s", (_who, script, PATH, called) => expect(invocationOf(script, { PATH })).toBe(called));
});

describe("a command line in a sentence", () => {
  const said = asInvoked("npx cdk-nomad", ["up", "env"]);

  test("is written as the program was called", () => {
    expect(said("start it with cdk-nomad up, or: eval $(cdk-nomad env)")).toBe(
      "start it with npx cdk-nomad up, or: eval $(npx cdk-nomad env)",
    );
    expect(asInvoked("cdk-nomad", ["up"])("start it with cdk-nomad up")).toBe("start it with cdk-nomad up");
    // As the library says it, which nobody calls.
    expect(asInvoked("cdk-nomad", ["up"])("start it with npx cdk-nomad up")).toBe("start it with cdk-nomad up");
  });

  test("names the environment that the command was given, as a shell takes it", () => {
    const text =
      "no deployment goes on; cdk-nomad status ENV says how its jobs do; ENV stays, and so does cdk-nomad status ENVIRONMENT";
    const told = (name?: string) => asInvoked("npx cdk-nomad", ["status"], () => name)(text);
    expect(told("staging")).toBe(
      text.replace("cdk-nomad status ENV", "npx cdk-nomad status staging").replace("does cdk-", "does npx cdk-"),
    );
    expect(told("$& a")).toContain("status '$& a' says");
    expect(told()).toContain("status ENV says");
  });

  test.each([
    "npx cdk-nomad up",
    "the image cdk-nomad-service:0.1.0",
    "import { x } from cdk-nomad/pools",
    "cdk-nomad: no such job",
    "/usr/bin/cdk-nomad up",
  ])("%s stays as it is", (text) => expect(said(text)).toBe(text));
});

describe("whoever has the program by npx", () => {
  const run = (...args: readonly string[]) => cli(args, { called: "npx cdk-nomad", cwd: "/" });
  const bare = /(?<!npx )\bcdk-nomad (?=up|down|status|pool|deploy|env|serve|\[options\])/;

  test.each([
    [["pool", "exec", "--help"]],
    [["pool", "exec", "an-id", "ls", "-la"]],
    [["pool", "token", "create"]],
    [["serve"]],
    [["serve", "--pool", "warm-pool-openai"]],
    [["nothing"]],
    [["env", "--json"]],
    [["pool"]],
  ])("is told what they can write: %j", async (args) => {
    const { stdout, stderr } = await run(...args);
    expect(stdout + stderr).not.toMatch(bare);
  });
});

test("help is not masked, whatever its words look like", async () => {
  const { stdout } = await cli(["pool", "exec", "--help"], { env: { KEYS_PASSWORD: "keys.env" } });
  expect(stdout).toContain("--secret-from keys.env");
});

test("an option of the command that is to be run is told to stand behind --", async () => {
  const { code, stderr } = await cli(["pool", "exec", "an-id", "ls", "-la"]);
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/'-la'; an option of the command .* stands behind --;.* -- ls -la/),
  ]);
});
