import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { anyCharacter } from "../support/characters";
import { commandsIn, outputsIn } from "../support/runner";

const SCRIPT = join(__dirname, "../../actions/run.sh");

// Many files and processes take their time on a machine that does other things too.
jest.setTimeout(300_000);

let folder: string;
const file = (name: string) => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cdk-nomad-action-"));
  // In the place of npx: writes down what it is given, says what the test wants, and ends as the test wants.
  writeFileSync(
    file("npx"),
    `#!/bin/sh
    cd '${folder}' || exit 99
    { printf '%s\\0' "$@"; printf '\\n\\0'; } >>calls
    cat says
    cat says >&2
    if [ "$4" = github ]; then exit 0; fi
    exit "$(cat code)"`,
  );
  chmodSync(file("npx"), 0o755);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Act {
  readonly shell?: readonly string[];
  readonly code?: number;
  readonly says?: string;
  readonly cwd?: string;
}

/** Runs the action's script with these inputs, and reads what it wrote as GitHub's runner does. */
function act(inputs: Readonly<Record<string, string>>, { shell = ["sh"], code = 0, says = "", cwd }: Act = {}) {
  writeFileSync(file("says"), says);
  writeFileSync(file("code"), String(code));
  for (const name of ["calls", "outputs"]) writeFileSync(file(name), "");
  const [program = "sh", ...options] = shell;
  const ended = spawnSync(program, [...options, SCRIPT], {
    encoding: "utf8",
    cwd,
    env: {
      PATH: `${folder}:${process.env.PATH}`,
      GITHUB_OUTPUT: file("outputs"),
      ...Object.fromEntries(Object.entries(inputs).map(([name, value]) => [`CDK_NOMAD_${name}`, value])),
    },
  });
  const calls = readFileSync(file("calls"), "utf8").split("\0\n\0").slice(0, -1);
  return {
    code: ended.status,
    stderr: ended.stderr,
    log: ended.stdout,
    calls: calls.map((call) => call.split("\0")),
    commands: commandsIn(ended.stdout),
    outputs: outputsIn(readFileSync(file("outputs"), "utf8")),
  };
}

const HOSTILE = [
  "-h",
  "--out=/etc/passwd",
  "$(touch /tmp/planted)",
  "`id`; id",
  '" && id "',
  "*",
  "a\nb",
  "::set-output name=changes::false",
  "dev\n::error::planted\r\n::add-path::/tmp",
  "%0A::error::planted",
  "END\nid",
  "\\",
  "é #1 @team -->",
];

const ALL = HOSTILE.join("\n");

describe.each([
  { shell: ["sh"], texts: HOSTILE },
  { shell: ["bash"], texts: [ALL] },
  { shell: ["bash", "--posix"], texts: [ALL] },
])("in $shell", ({ shell, texts }) => {
  test.each(texts)("every input is data: %j", (text) => {
    const all = {
      VARIABLES: `a=${text.replaceAll(/[\r\n]/g, " ")}`,
      JOB: text,
      PLAN: text,
      AUTHOR: text,
      TIMEOUT: text,
    };
    const inputs = { ...all, ENVIRONMENT: text, SYNTHESIZED: text, AUTO_FAIL_AFTER: text };
    const variable = `--var=a=${text.replaceAll(/[\r\n]/g, " ")}`;
    const cdkNomad = ["--no", "--", "cdk-nomad"];

    const preview = act({ COMMAND: "preview", ...inputs }, { shell });
    const options = [`--synthesized=${text}`, `--plan=${text}`, variable, "--", text];
    expect(preview.calls[0]).toEqual([...cdkNomad, "preview", "--format", "json", ...options]);
    expect(preview.calls[1]?.slice(3)).toEqual(["github", "comment", expect.any(String), `--author=${text}`]);
    expect([preview.code, preview.stderr, preview.outputs, preview.commands]).toEqual([
      0,
      "",
      { changes: "false" },
      [],
    ]);

    const promote = act({ COMMAND: "promote", ...inputs }, { shell, code: 1 });
    const waiting = [`--timeout=${text}`, "--when-healthy", `--job=${text}`, `--auto-fail-after=${text}`];
    expect(promote.calls).toEqual([[...cdkNomad, "promote", "--direct", ...waiting, variable, "--", text]]);
    expect([promote.code, promote.outputs, promote.commands.length]).toEqual([1, {}, 1]);
    expect(promote.commands[0]).toMatch(/^::error title=cdk-nomad::the promotion of /);

    const deploy = act({ COMMAND: "deploy", ...inputs, VIA: "terraform" }, { shell });
    expect([deploy.code, deploy.calls, deploy.commands.length]).toEqual([1, [], 1]);
    const terraform = act({ COMMAND: "deploy", ...inputs, ENVIRONMENT: "dev", VIA: "terraform" }, { shell });
    expect(terraform.calls).toEqual([
      ["--no", "--", "cdktf", "deploy", "dev", "--auto-approve", variable],
      [...cdkNomad, "status", "--watch", `--timeout=${text}`, variable, "--", "dev"],
    ]);
    const neither = act({ COMMAND: text, ...inputs, VIA: text }, { shell });
    expect([neither.code, neither.calls, neither.commands.length]).toEqual([1, [], 1]);
  });

  test("no command is taken out of a log", () => {
    const says = `${ALL}\n::stop-commands::x\n::x::\n  ::warning::planted\n##[error]planted\n::set-env name=PATH::x`;
    for (const [command, code, output] of [
      ["deploy", 0, { waiting: "false" }],
      ["drift", 2, { changes: "true" }],
      ["preview", 0, { changes: "false" }],
    ] as const) {
      const { commands, outputs, log } = act(
        { COMMAND: command, ENVIRONMENT: "dev", VIA: "nomad" },
        { shell, code, says },
      );
      expect([commands, outputs]).toEqual([[], output]);
      expect(log).toContain("::warning::planted");
    }
  });

  test("a canary that waits is told, a failure is an error, and what the commands end with is kept", () => {
    const waits = act({ COMMAND: "deploy", ENVIRONMENT: "dev", VIA: "nomad" }, { shell, code: 3 });
    expect([waits.code, waits.outputs]).toEqual([0, { waiting: "true" }]);
    const warning = "::warning title=A canary waits::dev has canaries that wait for: cdk-nomad promote dev";
    expect(waits.commands).toEqual([warning]);
    for (const code of [1, 4, 130])
      expect(act({ COMMAND: "promote", ENVIRONMENT: "dev" }, { shell, code }).code).toBe(code);
    expect(act({ COMMAND: "preview", ENVIRONMENT: "dev" }, { shell, code: 1 }).code).toBe(1);
    const refused = act({ COMMAND: "preview", ENVIRONMENT: "dev" }, { shell, code: 8 });
    expect([refused.code, refused.calls.map((args) => args[3])]).toEqual([8, ["preview", "github"]]);
    const terraform = act({ COMMAND: "deploy", ENVIRONMENT: "dev" }, { shell, code: 7 });
    expect([terraform.code, terraform.calls.map(([, , program, command]) => [program, command])]).toEqual([
      7,
      [
        ["cdktf", "deploy"],
        ["cdk-nomad", "status"],
      ],
    ]);
  });

  test("promotes only what this program says, where that is asked for", () => {
    const inputs = { COMMAND: "promote", ENVIRONMENT: "dev", IF_CURRENT: "true" };
    const same = act(inputs, { shell, code: 0 });
    expect(same.calls.map((args) => args[3])).toEqual(["preview", "promote"]);
    const other = act(inputs, { shell, code: 2 });
    expect([other.code, other.calls.map((args) => args[3])]).toEqual([1, ["preview"]]);
    expect(other.commands[0]).toContain("dev no longer runs what this program says");
  });

  test.each(["True", "yes", "1", " true"])(
    "if-current is true or false, and nothing else is taken for no: %j",
    (text) => {
      const { code, calls, commands } = act({ COMMAND: "promote", ENVIRONMENT: "dev", IF_CURRENT: text }, { shell });
      expect([code, calls, commands]).toEqual([
        1,
        [],
        [`::error title=cdk-nomad::if-current is "${text}"; write true or false`],
      ]);
    },
  );

  test.each([[{ COMMAND: "destroy", ENVIRONMENT: "dev" }], [{ COMMAND: "deploy" }], [{}]])(
    "%j is refused",
    (inputs) => {
      const { code, calls, commands } = act(inputs, { shell });
      expect([code, calls]).toEqual([1, []]);
      expect(commands[0]).toMatch(/^::error title=cdk-nomad::.*write/);
    },
  );
});

test("drawn inputs are data", () => {
  const text = fc.string({ unit: anyCharacter, minLength: 1, maxLength: 30 }).filter((it) => !it.includes("\0"));
  const drawn = fc.property(text, text, (environment, job) => {
    const { calls, commands, stderr } = act(
      { COMMAND: "promote", ENVIRONMENT: environment, JOB: job },
      { code: 3, says: job },
    );
    expect(calls[0]?.slice(-3)).toEqual([`--job=${job.toWellFormed()}`, "--", environment.toWellFormed()]);
    expect([commands.length, stderr]).toEqual([1, ""]);
    expect(commands[0]).toMatch(/^::warning title=A canary waits::/);
  });
  expect(fc.check(drawn, { numRuns: 50 })).toMatchObject({ failed: false, error: null });
});

test.each(["preview", "drift", "deploy", "promote"])(
  "%s where no packages are installed asks no registry",
  (command) => {
    const { code, calls, commands } = act({ COMMAND: command, ENVIRONMENT: "dev" }, { cwd: folder });
    expect([code, calls]).toEqual([1, []]);
    expect(commands[0]).toContain(`no packages are installed in ${folder}; run npm ci`);
  },
);

test("the script has nothing that only a later shell knows", () => {
  const code = readFileSync(SCRIPT, "utf8").replaceAll(/^\s*#.*$/gm, "");
  // Arrays, [[ ]], (( )), ${x,,}, ${x//a/b}, mapfile, local, declare, <( ), <<<, &>, eval, pipefail
  expect(code).not.toMatch(
    /\[\[|\(\(|=\(|\$\{[^}]*(?:,,|\^\^|\/\/|\[)|\b(?:mapfile|readarray|local|declare|eval|source)\b|<\(|<<<|&>|pipefail|\$'/,
  );
});
