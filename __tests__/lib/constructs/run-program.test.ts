import { runProgram } from "../../../lib";
import type { ProgramProblem } from "../../../lib/constructs/synthesize";

/** What a program says in an environment of these variables. */
function said(
  variables: Readonly<Record<string, string>>,
  warnings: readonly ProgramProblem[] = [],
): readonly string[] {
  const before = process.env;
  const lines: string[] = [];
  const error = jest.spyOn(console, "error").mockImplementation((line: string) => void lines.push(line));
  process.env = { PATH: before.PATH, ...variables };
  try {
    runProgram(() => warnings);
    return lines;
  } finally {
    process.env = before;
    error.mockRestore();
  }
}

test("under cdktf, without an address, one line says where Terraform goes and how to point it elsewhere", () => {
  const lines = said({ CDKTF_OUTDIR: "cdktf.out" });
  expect(lines).toEqual([expect.stringContaining("http://127.0.0.1:4646")]);
  expect(lines[0]).toContain('eval "$(npx cdk-nomad env)"');
});

test.each([
  ["with an address", { CDKTF_OUTDIR: "cdktf.out", NOMAD_ADDR: "http://127.0.0.1:4646" }],
  ["where cdk-nomad runs it", { CDKTF_OUTDIR: "cdktf.out", CDK_NOMAD_COMMAND: "deploy" }],
  ["where it is run by itself", {}],
])("nothing is said %s", (_where, variables) => {
  expect(said(variables)).toEqual([]);
});

const warning = (stack: string): ProgramProblem => ({
  stack,
  path: [`${stack}/web`],
  rule: "secret/literal",
  severity: "warning",
  message: "is a secret in plain",
});

test("of a program that is run for a stack, the warnings of that one are shown, and that others have some", () => {
  const all = ["dev", "staging", "prod"].map(warning);
  expect(said({}, all)).toHaveLength(3);
  expect(said({ CDK_NOMAD_STACK: "dev" }, all)).toEqual([
    "warning: dev/web: is a secret in plain [secret/literal]",
    "2 warnings of other stacks; cdk-nomad validate STACK shows them",
  ]);
  expect(said({ CDK_NOMAD_STACK: "dev" }, [warning("dev")])).toHaveLength(1);
});
