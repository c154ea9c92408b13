import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { HclVariables } from "../../lib/operations";

/** A job in HCL with values for its variables. */
export interface HclCase {
  readonly name: string;
  readonly hcl: string;
  /** Other files, by their paths from the working folder. */
  readonly files?: Readonly<Record<string, string>>;
  readonly variables?: HclVariables;
  /** Whether it needs what a server has not: file functions. */
  readonly needsFiles?: boolean;
}

/** A job that says each of its variables' values, and of which kind it is. */
export function speaking(variables: Readonly<Record<string, string>>): string {
  const blocks = Object.entries(variables).map(([name, body]) => `variable "${name}" {\n${body}\n}\n`);
  const said = Object.keys(variables).map((name) => `    ${name} = jsonencode(var.${name})\n`);
  return `${blocks.join("")}job "speaking" {\n  meta {\n${said.join("")}  }\n}\n`;
}

/** The types that a variable may declare, and a variable without one. */
export const DECLARATIONS = {
  text: "  type = string",
  number: "  type = number",
  flag: "  type = bool",
  list: "  type = list(string)",
  numbers: "  type = set(number)",
  map: "  type = map(string)",
  object: "  type = object({ name = string, port = number })",
  pair: "  type = tuple([string, bool])",
  untyped: "",
  textual: '  default = "a"',
  numeric: "  default = 3",
  listed: '  default = ["a"]',
  nothing: "  default = null",
} as const;

const one = (name: keyof typeof DECLARATIONS) => speaking({ [name]: DECLARATIONS[name] });

/** Texts that are something in one language and something else in another. */
export const TEXTS = [
  "",
  "plain",
  "two words",
  "3",
  "1.50",
  "-0",
  "1e3",
  "123456789012345678901234567890",
  "true",
  "false",
  "null",
  '"quoted"',
  '"',
  "'",
  "\\",
  "C:\\bin\\x",
  "${x}",
  "$${x}",
  "$$${x}",
  "%{ if true }x%{ endif }",
  "%%{x}",
  '${upper("x")}',
  "[",
  "]",
  "[text",
  '["a"]',
  '["a", "b",]',
  '[\n  "a",\n  "b",\n]',
  "[1, 2, 1]",
  '{ a = "b" }',
  '{ "a" : "b" }',
  '{\n  name = "web"\n  port = 80\n}',
  '{ name = "web", port = "80" }',
  '["a", true]',
  "{",
  "[for x in [1, 2] : x * 2]",
  "for x in [1] : x",
  "1 + 1",
  "1, 2",
  "1\n2",
  "1 # one",
  "1 /* one */",
  "1 /* one",
  ")",
  "1)\nother = (2",
  "1]\nother = [2",
  'upper("a")',
  "x",
  "var.x",
  "<<EOT\nline\nEOT",
  "<<EOT\nline\nEOT\n",
  "<<-EOT\n  line\n  EOT\n",
  "a\nb",
  "a\r\nb",
  "\ttab",
  "é",
  "é",
  "😀",
  "\u2028\u2029",
  "\ufeff",
  "=",
  "a=b",
  "--flag",
  "# comment",
  "// comment",
] as const;

const fixed: readonly HclCase[] = [
  { name: "no variables", hcl: speaking({}) },
  { name: "a variable that is not set", hcl: one("text") },
  {
    name: "a value of the environment",
    hcl: one("text"),
    variables: { env: { NOMAD_VAR_text: "of the environment" } },
  },
  {
    name: "one of the environment that no job declares",
    hcl: one("textual"),
    variables: { env: { NOMAD_VAR_other: "x" } },
  },
  {
    name: "a file over the environment",
    hcl: one("text"),
    files: { "a.hcl": 'text = "of the file"\n' },
    variables: { env: { NOMAD_VAR_text: "of the environment" }, files: ["a.hcl"] },
  },
  {
    name: "the last of several files",
    hcl: one("text"),
    files: { "a.hcl": 'text = "first"\n', "deep/b.hcl": 'text = "second"\n' },
    variables: { files: ["a.hcl", "deep/b.hcl"] },
  },
  {
    name: "the same file twice",
    hcl: one("text"),
    files: { "a.hcl": 'text = "first"\n', "b.hcl": 'text = "second"\n' },
    variables: { files: ["a.hcl", "b.hcl", "a.hcl"] },
  },
  {
    name: "a value by name over files and the environment",
    hcl: one("text"),
    files: { "a.hcl": 'text = "first"\n' },
    variables: { env: { NOMAD_VAR_text: "x" }, files: ["a.hcl"], values: { text: "by name" } },
  },
  { name: "an undeclared value by name", hcl: one("textual"), variables: { values: { other: "x" } } },
  { name: "a value by a name that is none", hcl: one("textual"), variables: { values: { "a b": "x" } } },
  {
    name: "an undeclared value in a file",
    hcl: one("textual"),
    files: { "a.hcl": "other = 1\n" },
    variables: { files: ["a.hcl"] },
  },
  {
    name: "a wrong value in a file that a later one sets right",
    hcl: one("number"),
    files: { "a.hcl": 'number = "two"\n', "b.hcl": "number = 2\n" },
    variables: { files: ["a.hcl", "b.hcl"] },
  },
  {
    name: "a wrong value of the environment under one by name",
    hcl: one("flag"),
    variables: { env: { NOMAD_VAR_flag: "maybe" }, values: { flag: "true" } },
  },
  {
    name: "heredocs, comments and lists over lines in a file",
    hcl: speaking({ text: "", list: DECLARATIONS.list, object: DECLARATIONS.object }),
    files: {
      "a.hcl":
        '# A comment, "quoted".\ntext = <<EOT\nfirst\n  list = [\n"second"\nEOT\n/* list = ["no"] */\nlist = [\n  "a", // one\n  "[b",\n]\nobject = {\n  name = "web"\n  port = 80\n}\n',
    },
    variables: { files: ["a.hcl"] },
  },
  {
    name: "a file of values as JSON",
    hcl: speaking({ text: DECLARATIONS.text, number: DECLARATIONS.number, list: DECLARATIONS.list, untyped: "" }),
    files: {
      "a.json":
        '{ "text": "a ${b} \\u2028 \\"c\\"", "number": 12345678901234567890, "list": ["a", "%{b}"], "untyped": { "a": [1, null] } }',
    },
    variables: { files: ["a.json"] },
  },
  {
    name: "JSON and HCL in turn",
    hcl: speaking({ text: DECLARATIONS.text, number: DECLARATIONS.number }),
    files: { "a.json": '{ "text": "json", "number": 1 }', "b.hcl": 'text = "hcl"\n' },
    variables: { files: ["b.hcl", "a.json"] },
  },
  {
    name: "a file that is no HCL",
    hcl: one("textual"),
    files: { "a.hcl": "textual = [\n" },
    variables: { files: ["a.hcl"] },
  },
  {
    name: "a file that is no JSON",
    hcl: one("textual"),
    files: { "a.hcl": '{"textual": ' },
    variables: { files: ["a.hcl"] },
  },
  {
    name: "a file with a name twice",
    hcl: one("textual"),
    files: { "a.hcl": 'textual = "a"\ntextual = "b"\n' },
    variables: { files: ["a.hcl"] },
  },
  {
    name: "a file with a reference",
    hcl: one("textual"),
    files: { "a.hcl": "textual = var.x\n" },
    variables: { files: ["a.hcl"] },
  },
  {
    name: "a file with a function",
    hcl: one("textual"),
    files: { "a.hcl": 'textual = upper("a")\n' },
    variables: { files: ["a.hcl"] },
  },
  {
    name: "a file with a block",
    hcl: one("textual"),
    files: { "a.hcl": 'variable "textual" {}\n' },
    variables: { files: ["a.hcl"] },
  },
  { name: "an empty file", hcl: one("textual"), files: { "a.hcl": "" }, variables: { files: ["a.hcl"] } },
  { name: "a file that is not there", hcl: one("textual"), variables: { files: ["none.hcl"] } },
  {
    name: "a rule for a value, kept",
    hcl: speaking({
      text: '  validation {\n    condition = length(var.text) > 2\n    error_message = "Too short."\n  }\n',
    }),
    variables: { values: { text: "long" } },
  },
  {
    name: "a rule for a value, broken",
    hcl: speaking({
      text: '  validation {\n    condition = strlen(var.text) > 2\n    error_message = "Too short."\n  }\n',
    }),
    variables: { values: { text: "s" } },
  },
  { name: "a job that is no HCL", hcl: 'job "x" {\n  group "g" { foo = [ }\n}\n', variables: { values: { a: "b" } } },
  {
    name: "HCL as JSON",
    hcl: JSON.stringify({ variable: { tag: {} }, job: { web: { meta: { tag: "${var.tag}" } } } }),
    variables: { values: { tag: "1" } },
  },
  {
    name: "locals, loops and dynamic blocks",
    hcl: 'variable "ports" { type = map(number) }\nlocals {\n  names = [for name, _ in var.ports : upper(name)]\n}\njob "web" {\n  meta {\n    names = join(",", local.names)\n  }\n  group "g" {\n    network {\n      dynamic "port" {\n        for_each = var.ports\n        labels = [port.key]\n        content {\n          static = port.value\n        }\n      }\n    }\n  }\n}\n',
    variables: { values: { ports: "{ http = 80, admin = 81 }" } },
  },
  {
    name: "files beside the job",
    needsFiles: true,
    hcl: 'job "web" {\n  meta {\n    text = file("conf/a.conf")\n    base64 = filebase64("conf/a.conf")\n    there = fileexists("conf/none")\n    all = join(",", fileset(".", "conf/*"))\n    name = basename("conf/a.conf")\n  }\n}\n',
    files: { "conf/a.conf": "listen 8080\n", "conf/b.conf": "" },
  },
  {
    name: "a file that the job names and that is not there",
    needsFiles: true,
    hcl: 'job "web" {\n  meta {\n    text = file("none")\n  }\n}\n',
  },
];

/** Each text as the value of a variable of each kind, by name and of the environment. */
function everyText(): readonly HclCase[] {
  return Object.keys(DECLARATIONS).flatMap((kind) =>
    TEXTS.flatMap((text): readonly HclCase[] => {
      const hcl = one(kind as keyof typeof DECLARATIONS);
      const name = `${kind} = ${JSON.stringify(text)}`;
      return [
        { name: `--var ${name}`, hcl, variables: { values: { [kind]: text } } },
        { name: `NOMAD_VAR_${name}`, hcl, variables: { env: { [`NOMAD_VAR_${kind}`]: text } } },
      ];
    }),
  );
}

export const FIXED_CASES = fixed;
export const TEXT_CASES = everyText();

/** Writes the files of a case. */
export function writeFiles(folder: string, { files = {} }: HclCase): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** What `nomad job run -output` makes of a case with its own arguments; undefined where it refuses it. */
export function nomadsOwn(
  program: string,
  folder: string,
  { hcl, variables: { values = {}, files = [], env = {} } = {} }: HclCase,
): unknown {
  writeFileSync(join(folder, "job.nomad.hcl"), hcl);
  const args = [
    ...files.map((file) => `-var-file=${file}`),
    ...Object.entries(values).map(([name, value]) => `-var=${name}=${value}`),
  ];
  const said = spawnSync(program, ["job", "run", "-output", ...args, "job.nomad.hcl"], {
    cwd: folder,
    env: { HOME: folder, ...env } as NodeJS.ProcessEnv,
    encoding: "utf8",
  });
  return said.status === 0 ? (JSON.parse(said.stdout) as { Job: unknown }).Job : undefined;
}
