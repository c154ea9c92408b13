import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { UserError } from "../../lib";
import { commandParser, type HclVariables } from "../../lib/operations";
import { anyCharacter } from "../support/characters";
import { comparable } from "../support/corpus";
import {
  DECLARATIONS,
  FIXED_CASES,
  nomadsOwn,
  speaking,
  TEXT_CASES,
  writeFiles,
  type HclCase,
} from "../support/hcl-cases";
import { NOMAD, testWithNomad } from "../support/nomad-parser";

const program = NOMAD ?? "";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "cdk-nomad-hcl-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What is read here of a case; undefined where it is refused. */
async function readHere({ hcl, variables = {} }: HclCase, command = program): Promise<unknown> {
  const env = { HOME: folder, ...variables.env };
  const parse = commandParser({
    program: () => Promise.resolve(command),
    variables: { ...variables, env },
    cwd: folder,
  });
  try {
    return ((await parse("job.nomad.hcl", hcl)) as { Job: unknown }).Job;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return undefined;
  }
}

describe("HCL and its variables are read as nomad job run reads them", () => {
  testWithNomad.each(FIXED_CASES.map((entry) => [entry.name, entry] as const))("%s", async (_name, entry) => {
    writeFiles(folder, entry);
    expect(comparable(await readHere(entry))).toEqual(comparable(nomadsOwn(program, folder, entry)));
  });

  // All of them are tried by the end-to-end tests.
  const some = TEXT_CASES.filter((_case, index) => index % 101 === 0);
  testWithNomad.each(some.map((entry) => [entry.name, entry] as const))("%s", async (_name, entry) => {
    expect(comparable(await readHere(entry))).toEqual(comparable(nomadsOwn(program, folder, entry)));
  });

  testWithNomad("files of values that were drawn", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(drawnFile, { minLength: 1, maxLength: 3 }), async (drawn) => {
        const files = Object.fromEntries(drawn.map((text, index) => [`${index}.hcl`, text]));
        const hcl = speaking({
          text: DECLARATIONS.text,
          number: DECLARATIONS.number,
          list: DECLARATIONS.list,
          map: DECLARATIONS.map,
        });
        const defaults = { NOMAD_VAR_text: "t", NOMAD_VAR_number: "1", NOMAD_VAR_list: "[]", NOMAD_VAR_map: "{}" };
        const entry: HclCase = { name: "drawn", hcl, files, variables: { files: Object.keys(files), env: defaults } };
        writeFiles(folder, entry);
        expect(comparable(await readHere(entry))).toEqual(comparable(nomadsOwn(program, folder, entry)));
      }),
      { numRuns: 10, seed: 6 },
    );
  });
});

const value = fc.string({ unit: anyCharacter, maxLength: 8 });
const quoted = value.map((text) =>
  JSON.stringify(text).replaceAll(/[$%]/g, "$&$&").replaceAll("\\b", "b").replaceAll("\\f", "f"),
);
const lines = fc.array(fc.stringMatching(/^[a-z ="[{#]{0,6}$/), { maxLength: 3 });

/** A file of values: texts, heredocs, numbers, lists and maps over several lines, comments; as HCL or as JSON. */
const drawnFile = fc.oneof(
  fc
    .record(
      {
        text: fc.oneof(
          quoted,
          lines.map((text) => `<<EOT\n${text.map((line) => `${line}\n`).join("")}EOT`),
        ),
        number: fc.oneof(fc.integer().map(String), fc.constant('"7"'), fc.constant('"seven"')),
        list: fc
          .array(quoted, { maxLength: 3 })
          .map((items) => `[ # a list\n${items.map((item) => `  ${item},\n`).join("")}]`),
        map: fc
          .array(quoted, { maxLength: 2 })
          .map((items) => `{\n${items.map((item, index) => `k${index} = ${item}\n`).join("")}}`),
      },
      { requiredKeys: [] },
    )
    .map((file) =>
      Object.entries(file)
        .map(([name, text]) => `// ${name}\n${name} = ${text}\n`)
        .join("\n"),
    ),
  fc
    .record(
      {
        text: value,
        number: fc.integer(),
        list: fc.array(value, { maxLength: 3 }),
        map: fc.dictionary(fc.stringMatching(/^[a-z]+$/), value),
      },
      { requiredKeys: [] },
    )
    .map((file) => JSON.stringify(file)),
);

describe("values of variables", () => {
  const secret = { values: { text: "hunter-two", list: '["hunter-three"]' }, env: { NOMAD_VAR_number: "40404" } };
  const hcl = speaking({ text: DECLARATIONS.text, list: DECLARATIONS.list, number: DECLARATIONS.number, filed: "" });

  testWithNomad(
    "stand in no argument of a process, and in files that nobody else can read, for as long as they are needed",
    async () => {
      // The command, with a record of what it was called with.
      const log = join(folder, "log");
      const recording = join(folder, "nomad");
      writeFileSync(
        recording,
        `#!/bin/sh\nfor argument in "$@"; do\n  echo "$argument" >> ${log}\n  case "$argument" in -var-file=*values.hcl)\n    stat -c %a "\${argument#-var-file=}" "$(dirname "\${argument#-var-file=}")" >> ${log} ;;\n  esac\ndone\nexec ${program} "$@"\n`,
      );
      chmodSync(recording, 0o755);
      const entry: HclCase = {
        name: "secret",
        hcl,
        files: { "a.hcl": 'filed = "hunter-four"\n' },
        variables: { ...secret, files: ["a.hcl"] },
      };
      writeFiles(folder, entry);
      const read = await readHere(entry, recording);
      expect(JSON.stringify(read)).toContain("hunter-two");
      const called = readFileSync(log, "utf8");
      expect(called).not.toMatch(/hunter|40404/);
      expect(called).toMatch(/values\.hcl\n600\n700\n/);
      const [, path = ""] = /-var-file=(.*values\.hcl)/.exec(called) ?? [];
      expect(() => readFileSync(path)).toThrow("ENOENT");
    },
  );

  testWithNomad.each<[string, string, HclVariables, RegExp]>([
    [
      "a type that does not fit",
      speaking({ replicas: "  type = number" }),
      { values: { replicas: "hunter-two" } },
      /^--var replicas: .*a number is required/,
    ],
    [
      "one of the environment",
      speaking({ replicas: "  type = number" }),
      { env: { NOMAD_VAR_replicas: "hunter-two" } },
      /^NOMAD_VAR_replicas: .*a number is required/,
    ],
    [
      "no expression",
      speaking({ flag: "  type = bool" }),
      { values: { flag: "hunter-two" } },
      /^--var flag: Variables not allowed/,
    ],
    [
      "a broken rule",
      speaking({ text: '  validation {\n    condition = var.text == "a"\n    error_message = "Must be a."\n  }\n' }),
      { values: { text: "hunter-two" } },
      /^--var text: Invalid value for variable; Must be a\.\s+This was checked by the validation rule at line \d+\.$/,
    ],
    [
      "a file that is not there, whose name has a short default in it",
      'variable "x" {\n  default = "n"\n}\njob "a" {}\n',
      { files: ["nope.hcl"] },
      /failed to read "nope\.hcl"/,
    ],
    [
      "a duration that is none",
      'variable "wait" {}\njob "a" {\n  group "g" {\n    shutdown_delay = var.wait\n  }\n}\n',
      { values: { wait: "hunter-two" } },
      /^line 4: .*invalid duration "\(the value of wait\)"/,
    ],
    [
      "a default",
      'variable "wait" {\n  default = "hunter-two"\n}\njob "a" {\n  group "g" {\n    shutdown_delay = var.wait\n  }\n}\n',
      {},
      /^line 6: .*invalid duration "\(the default of wait\)"/,
    ],
    [
      "a file that the job names",
      'variable "name" {}\njob "a" {\n  meta {\n    a = file("conf/${var.name}")\n  }\n}\n',
      { values: { name: "hunter-two" } },
      /^line 4: .*no file exists at conf\/\(the value of name\)/,
    ],
    [
      "a value in a file",
      speaking({ replicas: "  type = number" }),
      { files: ["secret.hcl"] },
      /^secret\.hcl:1: .*a number is required/,
    ],
    ["a file that is no HCL", speaking({ replicas: "" }), { files: ["broken.hcl"] }, /^broken\.hcl:1: /],
  ])("are in no message: %s", async (_name, text, variables, expected) => {
    writeFileSync(join(folder, "secret.hcl"), 'replicas = "hunter-two"\n');
    writeFileSync(join(folder, "broken.hcl"), "replicas = hunter-two hunter-two\n");
    const env = { HOME: folder, ...variables.env };
    const parse = commandParser({
      program: () => Promise.resolve(program),
      variables: { ...variables, env },
      cwd: folder,
    });
    const error = await parse("job.nomad.hcl", text).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    const { message, problems } = error as UserError;
    expect(message).toMatch(expected);
    expect(message).not.toContain("hunter-two");
    expect(problems).toHaveLength(1);
  });
});
